/**
 * Walks through the provider's pages as a browser would: follows redirects, keeps cookies, sends each form with its hidden fields.
 * @param url `verification_uri_complete` of a device login
 * @returns the title of the last page
 */
export async function logInByDevice(url: string, person: string): Promise<string> {
  const cookies = new Map<string, string>();
  let [html, at] = await visit(cookies, url, {});
  for (let step = 0; step < 6; step++) {
    const form = /<form[^>]*action="([^"]+)"/.exec(html);
    if (!form) break;
    const fields = new URLSearchParams();
    for (const [input] of html.matchAll(/<input[^>]+>/g)) {
      const name = /name="([^"]+)"/.exec(input)?.[1];
      if (name !== undefined) fields.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    if (html.includes('name="person"')) fields.set('person', person);
    [html, at] = await visit(cookies, new URL(form[1] ?? '', at).href, { method: 'POST', body: fields });
  }
  return /<h1>([^<]*)/.exec(html)?.[1] ?? '';
}

async function visit(
  cookies: Map<string, string>,
  url: string,
  init: RequestInit,
): Promise<readonly [html: string, at: string]> {
  let next: RequestInit = init;
  for (let at = url, hops = 0; hops < 10; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(at, { ...next, redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) return [await answer.text(), at];
    at = new URL(location, at).href;
    next = {};
  }
  throw new Error(`too many redirects from ${url}`);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Provider } from 'oidc-provider';
import type { IdpPrincipal } from './idp-principal.ts';

/** The login page of the demo's identity provider: nobody has a password, one says who one is. */
export async function choosePage(
  provider: Provider,
  principals: readonly IdpPrincipal[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid } = await provider.interactionDetails(request, response);
  const people = principals.filter((p) => p.kind === 'human');
  if (request.method === 'POST') {
    const person = new URLSearchParams(await text(request)).get('person');
    const who = people.find((p) => p.name === person);
    if (!who) throw new Error('nobody of that name');
    // Logging in is consent as well: a demo has nothing to ask about.
    return provider.interactionFinished(request, response, { login: { accountId: who.name }, consent: {} });
  }
  const buttons = people.map(
    (p) => `<button name="person" value="${p.name}">${p.name} <small>${p.groups.join(', ')}</small></button>`,
  );
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(page('Who are you?', `<form method="post" action="/choose/${uid}">${buttons.join('\n')}</form>`));
}

/** @param body HTML whose values were escaped, or can hold nothing to escape */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; }
  button { display: block; width: 100%; margin: .5rem 0; padding: .6rem; font: inherit; text-align: left; cursor: pointer; }
  small { color: #666; }
</style>
<h1>${title}</h1>
${body}
</html>
`;
}

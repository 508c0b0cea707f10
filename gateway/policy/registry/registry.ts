import { SallyportError } from '../../contract/errors.ts';
import { ask, headerOf, type Answered, type Asking } from '../sources/request.ts';
import { acceptedManifests, digestOf, manifestType, maxManifestBytes, type Descriptor } from './artifact.ts';
import { answerChallenge, type Access, type Login } from './login.ts';
import { isDigest, type Reference } from './reference.ts';

export interface RegistryOptions {
  readonly reference: Reference;
  /** HTTP in place of HTTPS. For a registry on loopback: the caller has looked. */
  readonly plainHttp?: boolean;
  /** PEM authorities in place of the system's. */
  readonly ca?: string;
  /** Asked for when the registry wants to know; anonymous without. */
  readonly login?: () => Promise<Login>;
}

/** One repository of a registry, by the OCI distribution specification (github.com/opencontainers/distribution-spec/blob/main/spec.md). */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #access: Access;
  readonly #base: URL;
  #authorization = '';

  constructor(options: RegistryOptions, access: Access) {
    this.#options = options;
    this.#access = access;
    const { host, repository } = options.reference;
    this.#base = new URL(`${options.plainHttp ? 'http' : 'https'}://${host}/v2/${repository}/`);
  }

  /**
   * The manifest that the reference names, verified against its digest; undefined when its digest is `known`.
   * @throws SallyportError `bundle-invalid`
   */
  async manifest(
    known: string,
    signal: AbortSignal,
  ): Promise<{ readonly digest: string; readonly body: Buffer } | undefined> {
    const { version } = this.#options.reference;
    const path = `manifests/${version}`;
    const asking = { headers: { accept: acceptedManifests }, signal, maxBytes: maxManifestBytes };
    if (known !== '') {
      // A HEAD counts for no pull where pulls are counted.
      const head = await this.#send(path, { ...asking, method: 'HEAD' });
      if (head.status === 200 && headerOf(head, 'docker-content-digest') === known) return undefined;
    }
    const answer = expected(await this.#send(path, asking), 200);
    const digest = digestOf(answer.body);
    const said = isDigest(version) ? version : headerOf(answer, 'docker-content-digest');
    if (said !== '' && said !== digest) throw invalid(`the manifest is not the one of digest ${said.slice(0, 80)}`);
    return digest === known ? undefined : { digest, body: answer.body };
  }

  /** Content of exactly this size and digest. @throws SallyportError `bundle-invalid` */
  async blob({ digest, size }: Descriptor, signal: AbortSignal): Promise<Buffer> {
    const asking = { headers: {}, signal, maxBytes: size, elsewhere: 'bare' } as const;
    const { body } = expected(await this.#send(`blobs/${digest}`, asking), 200);
    if (body.length !== size || digestOf(body) !== digest)
      throw invalid(`the layer is not the one of digest ${digest}`);
    return body;
  }

  /** Puts content there, unless it is. */
  async putBlob(body: Buffer, signal: AbortSignal): Promise<void> {
    const digest = digestOf(body);
    const quiet = { headers: {}, signal, maxBytes: maxManifestBytes };
    if ((await this.#send(`blobs/${digest}`, { ...quiet, method: 'HEAD', elsewhere: 'bare' })).status === 200) return;
    const opened = expected(await this.#send('blobs/uploads/', { ...quiet, method: 'POST' }), 202);
    const to = URL.parse(headerOf(opened, 'location'), this.#base.href);
    if (to?.origin !== this.#base.origin) throw invalid('the registry wants the content at another origin');
    to.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    expected(await this.#send(to.href, { ...quiet, method: 'PUT', headers, body }), 201);
  }

  /** @returns the manifest's digest */
  async putManifest(body: Buffer, signal: AbortSignal): Promise<string> {
    const headers = { 'content-type': manifestType };
    const path = `manifests/${this.#options.reference.version}`;
    expected(await this.#send(path, { method: 'PUT', headers, body, signal, maxBytes: maxManifestBytes }), 201);
    return digestOf(body);
  }

  /** Asks; when the registry wants to know who that is, proves it and asks again, once. */
  async #send(path: string, asking: Asking): Promise<Answered> {
    const url = new URL(path, this.#base);
    const send = () => {
      const proof = this.#authorization === '' ? {} : { authorization: this.#authorization };
      const headers = { 'user-agent': 'sallyport', ...asking.headers, ...proof };
      return ask(url, { ...asking, headers, ca: this.#options.ca });
    };
    const answer = await send();
    // A store that the registry led to may ask for proof, and gets none.
    if (answer.status !== 401 || answer.origin !== this.#base.origin) return answer;
    const { reference, login, ca } = this.#options;
    this.#authorization = await answerChallenge(answer, {
      registry: this.#base,
      repository: reference.repository,
      access: this.#access,
      login: await login?.(),
      ca,
      signal: asking.signal,
    });
    return send();
  }
}

/** @throws SallyportError `bundle-invalid` with the registry's own code for it, where it gives one */
function expected(answer: Answered, status: number): Answered {
  if (answer.status === status) return answer;
  const code = /"code"\s*:\s*"([A-Z_]{1,64})"/.exec(answer.body.toString('utf8'))?.[1];
  throw invalid(`answered ${answer.status}${code === undefined ? '' : `: ${code}${hints[code] ?? ''}`}`);
}

/** Codes of the specification that somebody can act on. */
const hints: Readonly<Record<string, string>> = {
  DENIED: ' (the login may not do this)',
  MANIFEST_UNKNOWN: ' (there is no such tag or digest)',
  NAME_UNKNOWN: ' (there is no such repository)',
  TOOMANYREQUESTS: ' (the registry counts pulls, and there were too many)',
  UNAUTHORIZED: ' (the login is not accepted, or may not do this)',
};

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', what);
}

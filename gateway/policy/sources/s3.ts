import { AwsV4Signer } from 'aws4fetch';
import { HttpSource, type HttpSourceOptions } from './http.ts';
import { headerOf, type Answered } from './request.ts';

/** A key as IAM hands it out; `sessionToken` comes with temporary ones. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3SourceOptions extends Pick<HttpSourceOptions, 'ca' | 'minPauseMs' | 'maxPauseMs' | 'answerMs'> {
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  /** Of a store that is not AWS: `https://minio.internal:9000`. */
  readonly endpoint?: string;
  /** The bucket in the path, not in front of the host. Where there is an endpoint, or the bucket's name has dots, unless told. */
  readonly pathStyle?: boolean;
  /** Asked for each request, so that a new key needs no restart. Without it requests are not signed: for public buckets. */
  readonly credentials?: () => Promise<S3Credentials>;
}

/** SHA-256 of nothing: what a GET sends. */
const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A bundle that is an object of an S3-compatible store: a GET signed by AWS Signature Version 4, asked for again by its ETag. */
export function s3Source(options: S3SourceOptions): HttpSource {
  const { bucket, key, region, credentials, endpoint: _endpoint, pathStyle: _pathStyle, ...http } = options;
  return new HttpSource({
    ...http,
    url: objectAddress(options).href,
    where: `s3://${bucket}/${key}`,
    waitS: 0,
    explain: s3Reason,
    ...(credentials && { authorize: async (url: URL) => signed(url, region, await credentials()) }),
  });
}

/** Where the object is: docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
export function objectAddress({
  bucket,
  key,
  region,
  endpoint,
  pathStyle = endpoint !== undefined || bucket.includes('.'), // a certificate for *.s3 does not cover a.b.s3
}: Pick<S3SourceOptions, 'bucket' | 'key' | 'region' | 'endpoint' | 'pathStyle'>): URL {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  // Everything but letters, digits, - . _ ~ is escaped: what is sent is then byte for byte what is signed.
  const path = key.split('/').map(escaped).join('/');
  const before = base.pathname.replace(/\/$/, '');
  if (!pathStyle) base.hostname = `${bucket}.${base.hostname}`;
  base.pathname = pathStyle ? `${before}/${bucket}/${path}` : `${before}/${path}`;
  return base;
}

async function signed(url: URL, region: string, keys: S3Credentials): Promise<Readonly<Record<string, string>>> {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new AwsV4Signer({
    method: 'GET',
    url: url.href,
    headers: { 'x-amz-content-sha256': emptyDigest },
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: 's3',
    region,
  });
  return Object.fromEntries((await signer.sign()).headers);
}

/** What a store says of a refusal, in its own code (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), and what helps. */
function s3Reason(answer: Answered): string | undefined {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(answer.body.toString('utf8'))?.[1];
  const region = headerOf(answer, 'x-amz-bucket-region');
  const named = /^[a-z0-9-]{1,32}$/.test(region) ? `, the bucket is in ${region}` : '';
  if (code === undefined) return named === '' ? undefined : named.slice(2);
  return `${code}${hints[code] ?? ''}${named}`;
}

const hints: Readonly<Record<string, string>> = {
  AccessDenied: ' (the key needs s3:GetObject)',
  AuthorizationHeaderMalformed: ' (policy.s3.region is another one)',
  InvalidAccessKeyId: ' (there is no such key)',
  PermanentRedirect: ' (the bucket is behind another endpoint)',
  RequestTimeTooSkewed: ' (this machine’s clock is wrong)',
  SignatureDoesNotMatch: ' (the secret key is another one)',
};

function escaped(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

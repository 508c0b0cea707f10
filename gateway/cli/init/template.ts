import { yamlText as q } from '../yaml-text.ts';
import type { Answers } from './answers.ts';

/** The configuration file that `init` writes: the answers, and a word on what else there is. Paths are relative to the file. */
export function configText({ target, password, issuer, listen, admin }: Answers): string {
  const secret = 'env' in password ? `env: ${password.env}` : `store: ${q(`${target.name}/${target.login}`)}`;
  const ca = target.caFile === undefined ? '' : `, ca: ${q(target.caFile)}`;
  const device =
    issuer.deviceClientId === undefined
      ? ''
      : `\n      device_login: { client_id: ${q(issuer.deviceClientId)}, scope: ${q(issuer.deviceScope)} }`;
  return `# Sallyport. Every field: docs/reference/config.schema.json. Check it with: sallyport config check

listen:
  # Clients connect here: psql "host=${listen.host} port=${String(listen.port)} dbname=${target.name} user=${target.login} sslmode=verify-full sslrootcert=tls/ca.pem"
  postgres:
    host: ${q(listen.host)}
    port: ${String(listen.port)}
    tls: { cert: tls/server.pem, key: tls/server.key }
  # The admin API, health and metrics.
  admin: { host: ${q(admin.host)}, port: ${String(admin.port)} }

state_dir: state

identity:
  issuers:
    - issuer: ${q(issuer.url)}
      audience: ${q(issuer.audience)}
      algorithms: [${issuer.algorithms.join(', ')}]
      claims:
        id: ${q(issuer.idClaim)}
        groups: ${q(issuer.groupsClaim)}
        # Agents approve nothing. A token without the claim stands for a ${issuer.unmarked === 'human' ? 'person: see that the issuer marks every agent' : 'agent'}.
        kind: { claim: ${q(issuer.kindClaim)}, agent: [agent], default: ${issuer.unmarked} }${device}

targets:
  - name: ${q(target.name)}
    protocol: postgres
    host: ${q(target.host)}
    port: ${String(target.port)}
    database: ${q(target.database)}
    tls: { mode: ${target.tlsMode}${ca} }
    # What rules see: \`input.target.labels.env == "prod"\`.
    labels: { env: prod }
    roles:
      ${q(target.login)}: { password: { ${secret} } }

# Built from policies/ by: sallyport policy build --policies policies --tests policy-tests --key keys/bundle.key --out policy/bundle.tar.gz
policy:
  bundle: policy
  keys:
    - { id: main, algorithm: ES256, file: keys/bundle.pub }

# sallyport credentials set ${target.name}/${target.login}
credentials: { store: credentials.json, key: { file: keys/credentials.key } }
masking: { key: { file: keys/masking.key } }
recordings: { dir: recordings }
audit: { dir: audit, origin: ${q(`${target.name}.sallyport/audit`)}, key: { file: keys/audit.key } }
`;
}

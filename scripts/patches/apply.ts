import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyPatch, parseUnifiedDiff } from './unified-diff.ts';

/**
 * Applies our patch of ssh2 to a folder that holds it: docs/design/ssh2-patch.md says why there is one. Every file is known by its SHA-256
 * before and after, so that nothing else is ever patched and a second run changes nothing.
 */
interface Digests {
  readonly before: string;
  readonly after: string;
}

const version = '1.17.0';
const digests: { readonly [file: string]: Digests } = {
  'lib/Channel.js': {
    before: '53e92988a025009b192b72be110bd240b5653f88dbdec93e515e3e401e7f94aa',
    after: 'd75a2ec3384c0481c40ac385904f952616ee201a6a214edb42aa207d4018b246',
  },
  'lib/client.js': {
    before: 'edd3484daa9d942bc5a6412edc9cf11f85df40b2db10b07877bbfe694beac7f4',
    after: '60e2676b3766ef2d4c27c5f0ccd0b2520c34e819af8b500bcbbc67a3da2f35fa',
  },
  'lib/keygen.js': {
    before: '03d0be43e78ca4f82d4c96d084a39c0242f9c56f343da17a819f8bd0d873f06c',
    after: '7944294f173580e5133de5c89733a60af4c95d42eaa7e28e31283ff562d5b4ba',
  },
  'lib/protocol/Protocol.js': {
    before: 'c1104b49087de7a91cd3ffaac8807c05eebf49f61effd084d0b0caf29fde6af4',
    after: '484a29394f8bbb5ae4474474d1168d19e4b8d5b75e065f60d5f0a28697aecb7d',
  },
  'lib/protocol/constants.js': {
    before: 'a3894fdd8e294109b55f06fbda69e467741f15a250801b744b6b0487bbf32529',
    after: '1a1b9bd21ea93d6c098bb6b28f2f52513ae03aec46c0257a7bb498aef7cd22f9',
  },
  'lib/protocol/crypto.js': {
    before: 'a729d2064e787e2a4589c25a284444fe54a58b7434a4e6e5e8e9c73c6d91e28e',
    after: '8d12699baf2701f8f254924fd73b66c96b9dbfc1c507577cd9d6c161d674f35f',
  },
  'lib/protocol/handlers.misc.js': {
    before: '8927c504c3c338187f36f0304a3452d6396ec9fc907af3db2be46a5f175c36a1',
    after: '048342248c64002ef73d3ffe2aeb9fbe2258a7b0ee99a7608fd234cc6e99af2f',
  },
  'lib/protocol/kex.js': {
    before: '054ba4b81801596350f0e2e939746d2966297cffd4303b342c25b2fd5d295755',
    after: '168a8b7d8d445e82371b50728a877b21598adf7d30bbc0c17360a63480907863',
  },
  'lib/server.js': {
    before: '128b58ee54cf97a5ae17e18836ff4472de4a5e4e591f2862a5c9ec7f148befe5',
    after: 'fa6a09ee6c10702c8aa4d6537cfd86b8fb86bcfb0796385273376b09bc30e7e7',
  },
};

/**
 * @param folder of the package
 * @returns the files that were changed now; none when all were
 * @throws Error when a file is neither the published one nor the patched one; none is changed then
 */
export function patchSsh2(folder: string): readonly string[] {
  const patches = parseUnifiedDiff(readFileSync(join(import.meta.dirname, `ssh2-${version}.patch`), 'utf8'));
  const changed = patches.flatMap((patch) => {
    const { file } = patch;
    const text = readFileSync(join(folder, file), 'utf8');
    const known = digests[file];
    const digest = sha256(text);
    if (digest === known?.after) return [];
    if (digest !== known?.before) {
      const what = `${file} of ssh2 is neither that of ${version} nor patched by us (SHA-256 ${digest})`;
      throw new Error(`${what}: remove node_modules and install again`);
    }
    const patched = applyPatch(text, patch);
    if (sha256(patched) !== known.after) throw new Error(`the patch of ${file} does not give the file that was tested`);
    return [{ file, patched }];
  });
  for (const { file, patched } of changed) {
    // A new file and never the old one written over: it may be shared with other folders by hard links, or be read right now.
    const draft = join(folder, `${file}.${String(process.pid)}`);
    writeFileSync(draft, patched);
    renameSync(draft, join(folder, file));
  }
  return changed.map(({ file }) => file);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

if (import.meta.main) patchSsh2(process.argv[2] ?? join(import.meta.dirname, '../../node_modules/ssh2'));

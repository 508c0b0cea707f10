import { parentPort, workerData } from 'node:worker_threads';
import { openInlineFolder, textOf } from './folder.ts';
import type { FoldAnswer, FolderOptions } from './folder.ts';

const folder = openInlineFolder(workerData as FolderOptions); // openThreadFolder passes nothing else

parentPort?.on('message', (upTo: number) => {
  void answer(upTo).then((result) => parentPort?.postMessage(result));
});

async function answer(upTo: number): Promise<FoldAnswer> {
  try {
    return await folder.fold(upTo);
  } catch (error) {
    return { failure: textOf(error) };
  }
}

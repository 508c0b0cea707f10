/** What operations on files mean: their effects, their paths, and how they are written down. */
export { fileCommand, type FileAttributes, type FileRequest } from './operation.ts';
export { isFileLine, readFileLine } from './line.ts';
export { absolutePath, linkTarget } from './paths.ts';

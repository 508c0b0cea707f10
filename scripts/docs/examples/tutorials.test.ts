import { runPages } from './run-pages.ts';

await runPages(import.meta.filename);

/** How the name of a JSON document's member is compared with one in a label's path: whatever might be meant counts. */
export const foldedName = (name: string): string => name.normalize('NFKC').toLowerCase();

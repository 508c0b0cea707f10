import { hashBytes } from './hash.ts';

/** Hashes in a full tile and entries in a full bundle: c2sp.org/tlog-tiles. */
export const tileWidth = 256;
export const fullTileBytes = tileWidth * hashBytes;

/** A tile of hashes, or, at level `entries`, a bundle of entries. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

/** Path under the log's directory: `tile/0/x001/067`, partial `tile/0/x001/067.p/12`. */
export function tilePath(tile: TileName): string {
  const path = `tile/${tile.level}/${tileNumber(tile.index)}`;
  return tile.width === tileWidth ? path : `${path}.p/${tile.width}`;
}

/** @returns undefined when `path` is not how `tilePath` writes a tile */
export function parseTilePath(path: string): TileName | undefined {
  const parts = /^tile\/(\d|[1-5]\d|6[0-3]|entries)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (!parts) return undefined;
  const [, level = '', number = '', width] = parts;
  const tile: TileName = {
    level: level === 'entries' ? level : Number(level),
    index: Number(number.replaceAll(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  };
  return tile.width > 0 && tilePath(tile) === path ? tile : undefined;
}

/** Entries one behind the other, each after its length as uint16 big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bundle = Buffer.allocUnsafe(entries.reduce((bytes, entry) => bytes + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    at = bundle.writeUInt16BE(entry.length, at);
    bundle.set(entry, at);
    at += entry.length;
  }
  return bundle;
}

/** @returns the entries, or undefined when the lengths do not add up */
export function parseBundle(bundle: Buffer): readonly Buffer[] | undefined {
  const entries: Buffer[] = [];
  let at = 0;
  while (at < bundle.length) {
    if (at + 2 > bundle.length) return undefined;
    const end = at + 2 + bundle.readUInt16BE(at);
    if (end > bundle.length) return undefined;
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** Three digits a level, all but the last marked with x: `1234067` is `x001/x234/067`. */
function tileNumber(index: number): string {
  let rest = Math.floor(index / 1000);
  let path = String(index % 1000).padStart(3, '0');
  while (rest > 0) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
    rest = Math.floor(rest / 1000);
  }
  return path;
}

import type { CellMask } from '../../../contract/mask.ts';
import { type Field, MaskImpossible } from '../../../contract/result.ts';
import type { CopyLayout } from '../../../facts/sql/index.ts';
import type { ColumnTypes } from '../catalog/types.ts';
import type { Format } from '../codec/frontend.ts';
import type { Sink } from './sink.ts';
import { shapeOf } from '../types/types.ts';
import type { Unit } from '../unit.ts';

/** What the rows of one COPY TO STDOUT look like, as far as it is known beforehand: the server tells no types and no names. */
export interface CopyShape {
  /** Undefined where nobody can tell for certain which byte belongs to which column: then nothing of it can be masked. */
  readonly layout: CopyLayout | undefined;
  readonly columns: readonly CopyColumn[];
}

export interface CopyColumn {
  readonly name: string;
  /** 0 where it is not known. */
  readonly typeOid: number;
}

/** Writes what may leave of the payloads of CopyData messages. @throws MaskImpossible for one of another form than promised */
export interface CopyRewriter {
  /** The first of a COPY: a header may stand before its row, or in its place. */
  first(source: Buffer, from: number, to: number, sink: Sink): void;
  row(source: Buffer, from: number, to: number, sink: Sink): void;
}

/** @param response what the server said in CopyOutResponse; where that is not what the statement asked for, there is no layout */
export function copyShape(
  unit: Unit | undefined,
  response: { readonly format: Format; readonly columns: readonly Format[] },
  types: ColumnTypes,
): CopyShape {
  const layout = unit?.statement.copyLayout;
  const output = unit?.facts.output ?? [];
  const isPromised = layout !== undefined && (layout.format === 'binary') === (response.format === 1);
  return {
    layout: isPromised ? layout : undefined,
    columns: response.columns.map((_, i) => {
      const known = output.length === response.columns.length ? output[i] : undefined;
      return known ? { name: known.name, typeOid: types.typeOf(known) } : { name: `column ${i + 1}`, typeOid: 0 };
    }),
  };
}

/** The columns as enforcement sees them. */
export function copyFields({ columns }: CopyShape): readonly Field[] {
  return columns.map(({ name, typeOid }) => ({ name, shape: shapeOf(typeOid) }));
}

export function strange(what: string): MaskImpossible {
  return new MaskImpossible(`a row of COPY ${what}`);
}

/** Stands in for a column's mask in a header: the name is ours, so that no byte of the server's passes where values are masked. */
export function nameMask(name: string): CellMask {
  const bytes = Buffer.from(name);
  return {
    method: 'redact',
    room: () => bytes.length,
    write: (_source, _from, _to, target, at) => bytes.copy(target, at),
  };
}

import { readRecording } from './reader.ts';
import { Renderer, type RendererOptions } from './render.ts';
import type { Frame } from './render.ts';

/** The frames of a recording: what `sessions replay` plays. @param ndjson from `RecordingRoom.read` or the API */
export async function* replayFrames(
  ndjson: AsyncIterable<Uint8Array>,
  options?: RendererOptions,
): AsyncGenerator<Frame> {
  const renderer = new Renderer(options);
  for await (const event of readRecording(ndjson)) {
    const frame = renderer.render(event);
    if (frame) yield frame;
  }
}

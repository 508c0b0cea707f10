import { readRecording } from './reader.ts';
import { Renderer } from './render.ts';
import type { Frame } from './render.ts';

/** The frames of a recording: what `sessions replay` plays. @param ndjson from `RecordingRoom.read` or the API */
export async function* replayFrames(ndjson: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const renderer = new Renderer();
  for await (const event of readRecording(ndjson)) {
    const frame = renderer.render(event);
    if (frame) yield frame;
  }
}

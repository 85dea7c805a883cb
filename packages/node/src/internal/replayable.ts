const REPLAYABLE: ReadonlySet<string> = new Set(['FormData', 'Blob', 'File', 'URLSearchParams', 'ArrayBuffer'])

/** Whether a body can be sent a second time: anything but a stream or another iterable. */
export const isReplayable = (body: unknown): boolean =>
  body === undefined ||
  body === null ||
  typeof body === 'string' ||
  ArrayBuffer.isView(body) ||
  // By name, since undici has classes of its own beside the platform's.
  REPLAYABLE.has(Object.prototype.toString.call(body).slice('[object '.length, -1))

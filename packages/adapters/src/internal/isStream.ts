const MARKS = ['pipe', 'getReader', 'next', Symbol.asyncIterator]

/** Whether a body is read as it is sent, so that it cannot be sent a second time. */
export const isStream = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && MARKS.some((mark) => mark in body)

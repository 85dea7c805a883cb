import type { Place } from './place.js'

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A WebSocket is opened by a GET, and any page may open one and read it: nothing but this check is in its way (RFC 6455 §10.2). */
const opens = (headers: Headers): boolean => headers.has('upgrade') || headers.get('sec-fetch-mode') === 'websocket'

/**
 * Whether a page of another origin may have sent it (cross-site request forgery). Browsers say with what is no GET, and with a WebSocket,
 * where it comes from: by `Sec-Fetch-Site`, or where that is missing by `Origin`. A sister domain is another origin, though its requests
 * bring the cookie.
 */
export const isForged = ({ origin }: Place, { method, headers }: Request): boolean =>
  (!SAFE.has(method) || opens(headers)) &&
  headers.get('sec-fetch-site') !== 'same-origin' &&
  headers.get('origin') !== origin

/** Whether a person looks at the answer, and not a program. */
export const isPage = ({ headers }: Request): boolean => {
  const mode = headers.get('sec-fetch-mode')
  return mode === null ? (headers.get('accept') ?? '').includes('text/html') : mode === 'navigate'
}

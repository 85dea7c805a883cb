/**
 * Login, callback, logout and who is there, over the `Request` and `Response` of the Fetch API.
 *
 * @packageDocumentation
 */
export type { Paths } from './internal/place.js'
export type {
  Ended,
  Handler,
  People,
  Person,
  Revocable,
  WebEnv,
  WebEvent,
  WebSession,
  WebSessions,
  WebSessionsOptions,
} from './WebSession.js'
export { webSessions } from './webSessions.js'

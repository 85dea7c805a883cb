/**
 * What variables of presets may be. None of these has a character that could end its part of a URL.
 */

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'

/** A name in a path: a realm, the id of a tenant. Not `.` and not `..`. */
export const SEGMENT = /[A-Za-z0-9][A-Za-z0-9._-]{0,252}/

/** The name of a host, without a port. No address in figures, and no name of a machine alone. */
export const HOST = new RegExp(`(?:${LABEL}\\.){1,10}[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`)

/** The address of a server that customers run themselves: an origin, and the path below which it is. */
export const BASE_URL = new RegExp(`https?://${LABEL}(?:\\.${LABEL}){0,10}(?::[0-9]{1,5})?(?:/${SEGMENT.source}){0,5}`)

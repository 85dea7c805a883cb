/** Models of the seed's `TokenScope` and `TokenResponse`. */
import { seedError } from './session.js'

const SCOPES: ReadonlyArray<string> = [
  'item_read',
  'item_readwrite',
  'item_preview',
  'item_upload',
  'item_share',
  'item_delete',
  'item_download',
]

/** An enumeration: there is no other value. */
export const tokenScope = (name: string): string => {
  if (!SCOPES.includes(name)) throw seedError('ValueError', 'not a valid TokenScope')
  return name
}

/** Every member of the answer becomes an attribute of the object, of whatever type it is. */
export const tokenResponse = (json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  if (!('access_token' in json)) throw seedError('BoxOAuthException', 'no access token')
  return { subject: null, ...json }
}

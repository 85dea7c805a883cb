/**
 * How people name the sessions of a store.
 */
import { createHash } from 'node:crypto'
import type { Key } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as J from 'fp-ts/lib/Json.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'

export interface SessionName {
  /** Of a key, or of a file whose key cannot be read: 32 hexadecimal digits. In a folder, it is the file's name. */
  readonly id: string
  /** `server/client/principal`, of a login that belongs to a profile `…/profile`; a key that is not of this command as it is. */
  readonly shown: string
  readonly parts: O.Option<{
    readonly server: string
    readonly client: string
    readonly principal: string
    /** Null where the session is of all profiles that are alike. */
    readonly profile: string | null
  }>
}

const Parts = t.union([t.tuple([t.string, t.string, t.string]), t.tuple([t.string, t.string, t.string, t.string])])

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)

/** The name of a key. */
export const nameOf = (key: Key): SessionName => {
  const id = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)
  const parts = pipe(
    O.fromEither(J.parse(key)),
    O.filter(Parts.is),
    // A principal without an enterprise ends with a colon.
    O.map(([server, client, principal, profile = null]) => ({
      server,
      client,
      principal: principal.replace(/:$/, ''),
      profile,
    })),
  )
  const shown = pipe(
    parts,
    O.match(
      () => key,
      ({ server, client, principal, profile }) =>
        [hostOf(server), client, principal, ...(profile === null ? [] : [profile])].join('/'),
    ),
  )
  return { id, shown, parts }
}

/** How many digits of an id are shown; fewer are taken too. */
export const SHORT = 8
const FEWEST = 4

/** Whether a text names a session: by its name, or by how its id begins. */
export const isNamedBy =
  (text: string) =>
  ({ id, shown }: Pick<SessionName, 'id' | 'shown'>): boolean =>
    shown === text || (text.length >= FEWEST && /^[0-9a-f]+$/.test(text) && id.startsWith(text))

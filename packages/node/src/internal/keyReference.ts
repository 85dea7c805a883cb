import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

const REFERENCE = /^keyring ([A-Za-z0-9_-]{1,32})\n?$/

/** What a key file says whose keys are in the keyring, under the `kid` of the one that writes. */
export const referenceTo = (kid: string): Secret => Secret.make('KeyReference', `keyring ${kid}\n`)

/** Where in the keyring the keys of a file are; none where they are in the file. */
export const referenceIn = (text: Secret): O.Option<string> => O.fromNullable(REFERENCE.exec(Secret.open(text))?.[1])

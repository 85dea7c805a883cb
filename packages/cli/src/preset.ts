/**
 * Providers by a name: Box, and the presets.
 */
import type { AuthError } from '@tessera/core'
import * as Providers from '@tessera/providers'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

export type Variables = Readonly<Record<string, string>>

/** A preset, and the values of its variables, those that were named. */
export interface Chosen {
  readonly preset: Providers.Preset
  readonly variables: Variables
}

export const BOX = 'box'

/** The names that `--provider` takes. */
export const providerNames: ReadonlyArray<string> = [BOX, ...Providers.all.map(({ name }) => name)]

export const presetNamed = (name: string): O.Option<Providers.Preset> =>
  O.fromNullable(Providers.all.find((preset) => preset.name === name))

/** What is wrong with the variables, by its name; none where they are right. */
export const wrongVariable = (chosen: Chosen): O.Option<AuthError> =>
  pipe(
    Providers.endpoints(chosen),
    E.match(O.some, () => O.none),
  )

/**
 * The presets as a list.
 *
 * @packageDocumentation
 */
import type { Preset } from './Preset.js'
import * as presets from './presets.js'

/**
 * All presets, by their names. A program that names its provider itself imports that one alone, which a bundler leaves without the
 * others.
 *
 * @example
 * import * as Providers from '@tessera/providers'
 *
 * assert.ok(Providers.all.some(({ name }) => name === 'github'))
 */
export const all: ReadonlyArray<Preset> = Object.values(presets).sort((one, other) => (one.name < other.name ? -1 : 1))

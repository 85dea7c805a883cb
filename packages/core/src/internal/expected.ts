import { constVoid } from 'fp-ts/lib/function.js'
import { type Argument, checking, raised } from '../checking.js'
import { isCallable, shaped } from './shapes.js'

/** From JavaScript comes what no type allows: it is thrown where it was written, as a typed error that names the option. */
const expect = (takes: string, expected: Readonly<Record<string, Argument>>, given: unknown): void =>
  checking(takes, expected, raised, constVoid)(given)

/** Options that must be functions. */
export const expectFunctions = (takes: string, options: unknown, names: ReadonlyArray<string>): void =>
  expect(takes, Object.fromEntries(names.map((name) => [name, { is: isCallable, expected: 'a function' }])), options)

const isStore = shaped({ get: isCallable, compareAndSet: isCallable })

export const expectStore = (of: string, config: unknown): void =>
  expect(`${of} takes { store }`, { store: { is: isStore, expected: 'a token store: memoryStore(), say' } }, config)

export const expectStrategy = (of: string, strategy: unknown): void => {
  const expected = 'what clientCredentials({ client }) makes, say'
  expect(`${of} takes a strategy`, { strategy: { is: isCallable, expected } }, { strategy })
}

/** A strategy is a function too: all of ours have traits, by which it is told. */
export const expectStrategyFor = (of: string, strategyFor: unknown): void => {
  const is = (value: unknown): boolean => isCallable(value) && !('traits' in value)
  const expected = '(key) => refreshToken({ client }), say'
  expect(`${of} takes the strategy of each key`, { strategyFor: { is, expected } }, { strategyFor })
}

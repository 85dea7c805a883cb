/** Calls that only JavaScript can make: each names its function and the option that is wrong, and sends nothing. */
import { errorOf, isCallable, named } from '../../oauth2/test/calls.js'
import * as Providers from '../src/index.js'

const functions = new Map(named(Providers))

const { github } = Providers
const NOTHING: ReadonlyArray<unknown> = [undefined, null, 'github', 42, {}, [], { preset: 'github' }, { preset: {} }]
const VARIABLES: ReadonlyArray<unknown> = [{ preset: github, id: 'app', variables: 'tenant' }]

const MISUSES: Readonly<Record<string, ReadonlyArray<readonly [field: string, options: ReadonlyArray<unknown>]>>> = {
  client: [
    ['preset', NOTHING],
    ['variables', VARIABLES],
    ['id', [{ preset: github }]],
  ],
  endpoints: [
    ['preset', NOTHING],
    ['variables', VARIABLES],
  ],
  generic: [['issuer', [undefined, null, 42, {}, { issuer: 42 }]]],
  server: [
    ['preset', NOTHING],
    ['variables', VARIABLES],
  ],
}

const CASES = Object.entries(MISUSES).flatMap(([name, misuses]) =>
  misuses.flatMap(([field, all]) => all.map((options) => [name, field, options] as const)),
)

test.each(CASES)('Providers.%s names %s, given %j', async (name, field, options) => {
  const { error, sent } = await errorOf(() => functions.get(name)?.(options))
  expect(error).toMatchObject({
    _tag: 'Misconfigured',
    field,
    message: expect.stringContaining(`Providers.${name} takes `),
  })
  expect(sent).toBe(0)
})

test('every function is among them', () => {
  expect(
    [...functions]
      .filter(([, value]) => isCallable(value))
      .map(([name]) => name)
      .sort(),
  ).toEqual(Object.keys(MISUSES).sort())
})

/**
 * Calls that only JavaScript can make: each names its function and the option that is wrong, and sends nothing.
 */
import * as Box from '@tessera/box'
import { memoryStore, TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { errorOf, isCallable, named } from '../../oauth2/test/calls.js'
import { scripted, signer } from './support.js'

const functions = new Map(named(Box))

const server = Box.serverAt('https://box.example')
const client = Box.client({ id: 'app', secret: 's3cret' })
const subject = Box.enterprise('42')
const settings = Box.settings({ boxAppSettings: { clientID: 'app', clientSecret: 's3cret' } })
const NOTHING: ReadonlyArray<unknown> = [undefined, null, 'app', 42, {}, []]
const LIKE_BEFORE: ReadonlyArray<unknown> = [...NOTHING, client]
const NO_CLIENT: ReadonlyArray<unknown> = [{ client: undefined }, { client: 'app' }, { client: server }]

/** The field that each wrong call is about. */
const MISUSES: Readonly<Record<string, ReadonlyArray<readonly [field: string, options: ReadonlyArray<unknown>]>>> = {
  actor: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['id', [{ client, name: 'Ada' }]],
    ['name', [{ client, id: 'u-1' }]],
  ],
  app: [
    ['settings', [...NOTHING, E.toUnion(settings), { settings }, { settings: '{}' }]],
    ['server', [{ settings: E.toUnion(settings), server: 'https://box.example' }]],
  ],
  authorizationRequest: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['scope', [{ client, scope: 'item_read' }]],
  ],
  client: [
    ['id', NOTHING],
    ['secret', [{ id: 'app' }]],
    ['server', [{ id: 'app', secret: 's3cret', server: 'https://box.example' }]],
  ],
  clientCredentials: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['subject', [{ client }, { client, subject: '42' }]],
  ],
  developerToken: [['message', ['Token, please: ', 42, { message: 42 }]]],
  downscoped: [
    ['scope', [...NOTHING, { scope: 'item_read' }]],
    [
      'client',
      [
        { scope: [], client: 'app' },
        { scope: [], client: server },
        { scope: [], client, server },
      ],
    ],
    ['server', [{ scope: [], server: client }]],
  ],
  jwt: [
    ['client', [...LIKE_BEFORE, ...NO_CLIENT]],
    ['signer', [{ client, subject }]],
    ['subject', [{ client, signer }]],
  ],
  revocation: [['client', [...LIKE_BEFORE, ...NO_CLIENT]]],
  serviceAccount: [
    ['settings', NOTHING],
    ['server', [{ settings, server: 'https://box.example' }]],
  ],
  tokenExchange: [
    ['client', [client, server, 'app', { client: 'app' }, { client: server }, { client, server }]],
    ['server', [{ server: client }]],
  ],
}

const CASES = Object.entries(MISUSES).flatMap(([name, misuses]) =>
  misuses.flatMap(([field, all]) => all.map((options) => [name, field, options] as const)),
)

// Of a source that is derived: its tokens are what to ask.
const derived = (made: unknown): unknown => {
  if (!isCallable(made)) return made
  const { env } = scripted()
  const parent = pipe(Box.clientCredentials({ client, subject }), TokenSource.make({ store: memoryStore() }))
  const source = [env, undefined].reduce((next: unknown, argument) => isCallable(next) && next(argument), made(parent))
  return typeof source === 'object' && source !== null && 'get' in source ? source.get : source
}

test.each(CASES)('Box.%s names %s, given %j', async (name, field, options) => {
  const { error, sent } = await errorOf(() => {
    const made = functions.get(name)?.(options)
    return name === 'downscoped' ? derived(made) : made
  })
  expect(error).toMatchObject({
    _tag: 'Misconfigured',
    field,
    message: expect.stringContaining(`Box.${name} takes `),
  })
  expect(sent).toBe(0)
})

test.each(['file', 'folder'])('Box.%s takes its id, then its options', async (name) => {
  const { error } = await errorOf(() => functions.get(name)?.('123', 'https://box.example'))
  expect(error).toMatchObject({ field: 'api', message: expect.stringContaining(`Box.${name} takes (id, { api? })`) })
})

/** They take one value, whose type is its name, and what replaces a part of it. */
const OF_VALUES = [
  'clockSkew',
  'enterprise',
  'itemId',
  'keyOf',
  'parseSettings',
  'remembering',
  'server',
  'serverAt',
  'settings',
  'sharedLink',
  'user',
]

test('every function is one or the other', () => {
  const known = [...Object.keys(MISUSES), 'file', 'folder', ...OF_VALUES]
  expect(known.sort()).toEqual([...functions.keys()].sort())
})

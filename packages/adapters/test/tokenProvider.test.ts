import { memoryStore, remoteCallback, Secret, TokenSet, TokenSource } from '@tessera/core'
import { openSource, run } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import { tokenProvider } from '../src/tokenProvider.js'
import { openRig } from './support/rig.js'
import { testAdapter } from './support/testAdapter.js'

/** What a host does that takes a function. */
const caller = (token: (options?: { readonly refused?: string }) => Promise<string>, api: string) => {
  const send = async (text: string): Promise<number> =>
    (await fetch(api, { headers: { authorization: `Bearer ${text}` } })).status
  return async (): Promise<void> => {
    const first = await token()
    const status = await send(first)
    if (status === 200 || (status === 401 && (await send(await token({ refused: first }))) === 200)) return
    throw new Error(`status ${status}`)
  }
}

testAdapter('a function that returns a token', ({ tokens, api }) => ({ use: caller(tokenProvider(tokens), api) }))
testAdapter(
  'a function that is never told of a refusal',
  ({ tokens, api }) => {
    const token = tokenProvider(tokens)
    return { use: caller(() => token(), api) }
  },
  { tellsRefusals: false, uses: 50 },
)

test('what a host calls it with means nothing, but for a token that was refused', async () => {
  const rig = await openRig()
  const token = tokenProvider(rig.tokens)
  const first = await token()
  rig.end()
  for (const argument of [null, {}, { refused: true }, first]) {
    expect(await Reflect.apply(token, undefined, [argument])).toBe(first)
  }
  expect(await token({ refused: 'another one' })).toBe(first)
  const second = await token({ refused: first })
  expect(second).not.toBe(first)
  expect(await token({ refused: first })).toBe(second)
  expect(rig.requests()).toBe(1)
  await rig.close()
})

test.each([
  ['a token that cannot be sent in a header', 'a\r\nb', 'Bearer', 'Malformed', 'printable ASCII'],
  ['a token that is bound to a key', 'the~token', 'DPoP', 'Misconfigured', 'use authenticatedFetch'],
])('%s is not handed out, nor shown', async (_, text, tokenType, _tag, reason) => {
  const initial = TokenSet.make(Secret.make('AccessToken', text), { tokenType })
  const strategy = remoteCallback(() => Promise.reject(new Error('called')))
  const source = openSource(pipe(strategy, TokenSource.make({ store: memoryStore(), initial })))
  const error: unknown = await tokenProvider(source)().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ error: { _tag } })
  expect(String(error)).toContain(reason)
  expect(String(error)).not.toContain(text)
  await run(source.close({ revoke: false }))
})

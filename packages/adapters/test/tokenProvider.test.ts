import { tokenProvider } from '../src/tokenProvider.js'
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

/** What is read of a request that anybody may send. */
import * as O from 'fp-ts/lib/Option.js'

/** In bytes. A logout token has a few thousand. */
export const MOST = 65_536

/** None where there is more, of which no more is read then. */
export const textOf = async ({ body }: Request): Promise<O.Option<string>> => {
  if (body === null) return O.some('')
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let [text, length] = ['', 0]
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return O.some(text + decoder.decode())
    length += value.byteLength
    if (length > MOST) {
      await reader.cancel()
      return O.none
    }
    text += decoder.decode(value, { stream: true })
  }
}

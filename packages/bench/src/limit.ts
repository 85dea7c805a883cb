/**
 * What is below us, and nothing else.
 */
import { Agent } from 'undici'

/** Posts one form to one URL by the lowest level of undici, without a deadline or a bound. */
export const undiciClient = (url: string, form: string): (() => Promise<unknown>) => {
  const { origin, pathname } = new URL(url)
  const dispatcher = new Agent()
  const headers = ['content-type', 'application/x-www-form-urlencoded', 'accept', 'application/json']
  return () =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      dispatcher.dispatch(
        { origin, path: pathname, method: 'POST', headers, body: form },
        {
          onRequestStart: () => undefined,
          onResponseStart: () => undefined,
          onResponseData: (_, chunk) => {
            chunks.push(chunk)
          },
          onResponseEnd: () => resolve(JSON.parse(Buffer.concat(chunks).toString())),
          onResponseError: (_, error) => reject(error),
        },
      )
    })
}

/**
 * What is below us, and nothing else.
 */
import { type KeyObject, randomBytes, sign } from 'node:crypto'
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

const base64url = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url')

const HEADER = base64url({ alg: 'RS256', kid: 'k1', typ: 'JWT' })

/** What is signed of an assertion. */
const unsigned = (): string => {
  const jti = randomBytes(32).toString('base64url')
  const exp = Math.floor(Date.now() / 1_000) + 30
  const claims = { box_sub_type: 'enterprise', iss: 'app', sub: '42', aud: 'https://as.example/token', jti, exp }
  return `${HEADER}.${base64url(claims)}`
}

/** Makes assertions by `node:crypto` and `Buffer`, on the event loop. */
export const bareAssertion = (key: KeyObject) => (): string => {
  const input = unsigned()
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** The same off the event loop. */
export const bareAssertionAside = (key: KeyObject) => (): Promise<string> =>
  new Promise((resolve, reject) => {
    const input = unsigned()
    sign('sha256', Buffer.from(input), key, (error, signature) => {
      if (error === null) resolve(`${input}.${signature.toString('base64url')}`)
      else reject(error)
    })
  })

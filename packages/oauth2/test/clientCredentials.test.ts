import { AuthError } from '@tessera/core'
import { clientCredentials } from '../src/index.js'
import { attempt, bodyOf, client, issued, left, right, world } from './support.js'

test('RFC 6749 §4.4.2: the form', async () => {
  const w = world({ body: issued })
  right(await clientCredentials({ client })(attempt())(w.env)())
  expect(bodyOf(w.requests[0])).toBe('grant_type=client_credentials&client_id=app&client_secret=S3CRET')
})

test("scope, then Box's parameters", async () => {
  const w = world({ body: issued })
  const parameters = { box_subject_type: 'enterprise', box_subject_id: '42' }
  right(await clientCredentials({ client, scope: ['a', 'b'], parameters })(attempt())(w.env)())
  expect(bodyOf(w.requests[0])).toBe(
    'grant_type=client_credentials&client_id=app&client_secret=S3CRET&scope=a+b&box_subject_type=enterprise&box_subject_id=42',
  )
})

test('an unknown outcome may be asked for again', async () => {
  expect(
    AuthError.isRetryable(left(await clientCredentials({ client })(attempt())(world({ status: 500 }).env)())),
  ).toBe(true)
})

import { api, ask, post, said, secrets, token, withBox } from './support.js'

describe('client credentials', () => {
  const grant_type = 'client_credentials'

  it(
    'acts as the service account or as a user, without a refresh token',
    withBox(async (box) => {
      for (const [type, id, user] of [
        ['enterprise', '4242', '7000'],
        ['user', '7001', '7001'],
      ] as const) {
        const answer = said(await token(box, { grant_type, box_subject_type: type, box_subject_id: id }))
        expect(answer).toMatchObject({ expires_in: 3600, restricted_to: [], token_type: 'bearer' })
        expect(answer).not.toHaveProperty('refresh_token')
        const me = await api(box, '/users/me', answer.access_token ?? '')
        expect(JSON.parse(me.text)).toMatchObject({ type: 'user', id: user })
      }
    }),
  )

  it(
    'refuses subjects that are not there, scopes that are too wide, and public clients',
    withBox(async (box) => {
      const subjects = [
        { box_subject_type: 'enterprise', box_subject_id: '4243' },
        { box_subject_type: 'user', box_subject_id: '4242' },
        { box_subject_type: 'group', box_subject_id: '7001' },
        { box_subject_type: 'user' },
        {},
      ]
      for (const subject of subjects)
        expect(said(await token(box, { grant_type, ...subject })).error).toBe('invalid_grant')
      const subject = { box_subject_type: 'enterprise', box_subject_id: '4242' }
      expect(said(await token(box, { grant_type, ...subject, scope: 'manage_webhook' })).error).toBe('invalid_scope')
      const open = box.registerClient({ secret: null, grants: [grant_type] })
      const answer = await post(box.endpoints.token, { grant_type, ...subject, client_id: open.id })
      expect(said(answer).error).toBe('unauthorized_client')
    }),
  )
})

describe('token exchange', () => {
  const types = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }

  it(
    'downscopes to a scope and a resource, with and without client credentials',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const wish = { scope: 'item_preview item_read', resource: `${box.endpoints.api}/files/123` }
      for (const credentials of [{}, secrets(box)]) {
        const form = { ...types, subject_token: accessToken, ...wish, ...credentials }
        const answer = said(await post(box.endpoints.token, form))
        expect(answer).toMatchObject({
          token_type: 'bearer',
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          restricted_to: [
            { scope: 'item_preview', object: { type: 'file', id: '123' } },
            { scope: 'item_read', object: { type: 'file', id: '123' } },
          ],
        })
        const narrow = answer.access_token ?? ''
        expect((await api(box, '/files/123', narrow)).status).toBe(200)
        expect((await api(box, '/files/456', narrow)).status).toBe(404)
        expect((await api(box, '/users/me', narrow)).status).toBe(403)
        const write = await api(box, '/files/123', narrow, { method: 'PUT', body: 'x' })
        expect(write.status).toBe(403)
        expect(write.headers['www-authenticate']).toContain('error="insufficient_scope"')
        expect(JSON.parse(write.text)).toMatchObject({ type: 'error', status: 403, context_info: null })
      }
    }),
  )

  it(
    'knows folders, shared links and addresses at Box itself',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const reach = async (wish: Readonly<Record<string, string>>) => {
        const answer = said(await token(box, { ...types, subject_token: accessToken, scope: 'item_read', ...wish }))
        const narrow = answer.access_token ?? ''
        const files = [await api(box, '/files/123', narrow), await api(box, '/files/456', narrow)]
        return files.map((file) => file.status)
      }
      expect(await reach({ resource: 'https://api.box.com/2.0/folders/789' })).toEqual([404, 200])
      expect(await reach({ resource: 'https://api.box.com/2.0/folders/0' })).toEqual([200, 200])
      expect(await reach({ box_shared_link: 'https://app.box.com/s/sandbox456' })).toEqual([404, 200])
      expect(await reach({})).toEqual([200, 200])
    }),
  )

  it(
    'refuses to widen, unknown resources, other types and dead tokens',
    withBox(async (box) => {
      const { accessToken } = box.issue({ scope: ['item_readwrite'] })
      const send = async (changes: Readonly<Record<string, string>>) =>
        said(await token(box, { ...types, subject_token: accessToken, scope: 'item_read', ...changes })).error
      expect(await send({ scope: 'root_readwrite' })).toBe('invalid_scope')
      expect(await send({ scope: 'nonsense' })).toBe('invalid_scope')
      expect(await send({ resource: `${box.endpoints.api}/files/999` })).toBe('invalid_target')
      expect(await send({ resource: 'https://evil.example/2.0/files/123' })).toBe('invalid_target')
      expect(await send({ box_shared_link: 'https://app.box.com/s/none' })).toBe('invalid_target')
      const both = { resource: `${box.endpoints.api}/files/123`, box_shared_link: 'https://app.box.com/s/sandbox456' }
      expect(await send(both)).toBe('invalid_request')
      expect(await send({ subject_token_type: 'other' })).toBe('invalid_request')
      expect(await send({ subject_token: '' })).toBe('invalid_request')
      expect(await send({ subject_token: 'unknown' })).toBe('invalid_grant')
      expect(await send({ actor_token: 'x' })).toBe('invalid_request')
      expect(await send({})).toBeUndefined()
      box.expireAccessTokens()
      expect(await send({})).toBe('invalid_grant')
    }),
  )

  it(
    'cannot be exchanged back to more, and dies with its subject token',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      box.clock.advance(1000 * 1000)
      const narrow = said(
        await token(box, {
          ...types,
          subject_token: accessToken,
          scope: 'item_read',
          resource: `${box.endpoints.api}/folders/789`,
        }),
      )
      expect(narrow.expires_in).toBe(2600)
      const subject_token = narrow.access_token ?? ''
      const send = async (changes: Readonly<Record<string, string>>) =>
        said(await token(box, { ...types, subject_token, ...changes })).error
      expect(await send({ scope: 'item_upload' })).toBe('invalid_scope')
      expect(await send({ resource: `${box.endpoints.api}/files/123` })).toBe('invalid_target')
      expect(await send({ resource: `${box.endpoints.api}/files/456` })).toBeUndefined()
      const same = said(await token(box, { ...types, subject_token }))
      expect((await api(box, '/files/456', same.access_token ?? '')).status).toBe(200)
      expect((await api(box, '/files/123', same.access_token ?? '')).status).toBe(404)
      expect(box.isActive(subject_token)).toBe(true)
      await post(box.endpoints.revoke, { ...secrets(box), token: accessToken })
      expect(box.isActive(subject_token)).toBe(false)
    }),
  )

  it(
    'revoking a downscoped token leaves its subject token alone',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const narrow = said(await token(box, { ...types, subject_token: accessToken, scope: 'item_read' }))
      await post(box.endpoints.revoke, { ...secrets(box), token: narrow.access_token ?? '' })
      expect([narrow.access_token ?? '', accessToken].map(box.isActive)).toEqual([false, true])
    }),
  )

  it(
    'takes an actor token that names somebody outside Box',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const claims = { iss: box.client.id, sub: 'guest', box_sub_type: 'external', exp: 1_800_000_030 }
      const send = async (changes: Readonly<Record<string, unknown>>) =>
        (
          await token(box, {
            ...types,
            subject_token: accessToken,
            scope: 'item_read',
            actor_token: `${part({ alg: 'none' })}.${part({ ...claims, ...changes })}.`,
            actor_token_type: 'urn:ietf:params:oauth:token-type:id_token',
          })
        ).status
      expect(await send({})).toBe(200)
      expect(await send({ iss: 'other' })).toBe(400)
      expect(await send({ exp: 1_800_000_000 })).toBe(400)
      expect(await send({ box_sub_type: 'user' })).toBe(400)
    }),
  )
})

describe('the device grant', () => {
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  type Started = {
    readonly device_code: string
    readonly user_code: string
    readonly verification_uri_complete: string
    readonly interval: number
  }

  it(
    'pends, slows down, and gives a pair once after approval',
    withBox(async (box) => {
      const client_id = box.publicClient.id
      const started: Started = JSON.parse((await post(box.endpoints.deviceAuthorization, { client_id })).text)
      expect(started).toMatchObject({ verification_uri: box.endpoints.activate, expires_in: 600, interval: 5 })
      expect(started.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/)
      const poll = async () =>
        said(await post(box.endpoints.token, { grant_type, client_id, device_code: started.device_code }))
      expect((await poll()).error).toBe('authorization_pending')
      box.clock.advance(4999)
      expect((await poll()).error).toBe('slow_down')
      box.clock.advance(9999)
      expect((await poll()).error).toBe('slow_down')
      box.clock.advance(15_000)
      expect((await poll()).error).toBe('authorization_pending')
      await box.approveDevice(started.user_code.toLowerCase().replace('-', ' '), { user: '7002' })
      const pair = await poll()
      expect(JSON.parse((await api(box, '/users/me', pair.access_token ?? '')).text)).toMatchObject({ id: '7002' })
      expect(box.isActive(pair.refresh_token ?? '')).toBe(true)
      expect((await poll()).error).toBe('invalid_grant')
      await expect(box.approveDevice(started.user_code)).rejects.toThrow('unknown, expired or already used')
    }),
  )

  it(
    'tells the device of a denial and of expiry',
    withBox(async (box) => {
      const start = async (): Promise<Started> =>
        JSON.parse((await post(box.endpoints.deviceAuthorization, secrets(box))).text)
      const poll = async (device_code: string) => said(await token(box, { grant_type, device_code })).error
      const denied = await start()
      await box.approveDevice(denied.user_code, { allow: false })
      expect(await poll(denied.device_code)).toBe('access_denied')
      const slow = await start()
      box.clock.advance(600_000)
      expect(await poll(slow.device_code)).toBe('expired_token')
      await expect(box.approveDevice(slow.user_code)).rejects.toThrow('expired')
      expect(await poll('unknown')).toBe('invalid_grant')
      expect(await poll('')).toBe('invalid_request')
    }),
  )

  it(
    'is not for every client, scope or asker',
    withBox(async (box) => {
      const { id } = box.registerClient({ secret: null, grants: ['authorization_code'] })
      const start = async (form: Readonly<Record<string, string>>) =>
        said(await post(box.endpoints.deviceAuthorization, form)).error
      expect(await start({ client_id: id })).toBe('unauthorized_client')
      expect(await start({ client_id: box.publicClient.id, scope: 'nonsense' })).toBe('invalid_scope')
      expect(await start({ client_id: box.client.id })).toBe('invalid_client')
    }),
  )

  it(
    'has a page that asks for the code, then names the application',
    withBox(async (box) => {
      const form = await ask(box.endpoints.activate)
      expect(form.text).toContain('name="user_code"')
      const wrong = await ask(`${box.endpoints.activate}?user_code=%3Cscript%3E`)
      expect([wrong.status, wrong.text.includes('<script')]).toEqual([400, false])
      const started: Started = JSON.parse((await post(box.endpoints.deviceAuthorization, secrets(box))).text)
      const page = await ask(started.verification_uri_complete)
      expect(page.text).toContain(started.user_code)
      expect(page.text).toContain(box.client.name)
      expect((await post(box.endpoints.activate, { ticket: 'forged', user: '7001', decision: 'grant' })).status).toBe(
        400,
      )
    }),
  )
})

describe('revocation', () => {
  it(
    'kills the whole family through either token, with an empty 200',
    withBox(async (box) => {
      for (const which of ['accessToken', 'refreshToken'] as const) {
        const pair = box.issue()
        const answer = await post(box.endpoints.revoke, { ...secrets(box), token: pair[which] })
        expect([answer.status, answer.text]).toEqual([200, ''])
        expect([pair.accessToken, pair.refreshToken].map(box.isActive)).toEqual([false, false])
        expect((await api(box, '/users/me', pair.accessToken)).status).toBe(401)
      }
      expect(box.counts().tokensRevoked).toBe(4)
    }),
  )

  it(
    'takes an unknown token for a success, and refuses what it must',
    withBox(async (box) => {
      const pair = box.issue()
      expect((await post(box.endpoints.revoke, { ...secrets(box), token: 'unknown' })).status).toBe(200)
      expect(said(await post(box.endpoints.revoke, secrets(box))).error).toBe('invalid_request')
      const wrong = { ...secrets(box), client_secret: 'wrong', token: pair.accessToken }
      expect(said(await post(box.endpoints.revoke, wrong)).error).toBe('invalid_client')
      const theirs = { client_id: box.publicClient.id, token: pair.accessToken }
      expect(said(await post(box.endpoints.revoke, theirs)).error).toBe('unauthorized_client')
      expect(box.isActive(pair.accessToken)).toBe(true)
    }),
  )
})

import { ask, authorizeUrl, codeOf, pkce, post, said, token, withBox } from './support.js'

const exchange = { grant_type: 'authorization_code' }

describe('the authorization code grant', () => {
  it(
    'gives a pair for a code, once, and takes it back when the code comes again (RFC 6749 §4.1.2)',
    withBox(async (box) => {
      const code = codeOf(await box.grant(authorizeUrl(box, { state: 's' })))
      const first = await token(box, { ...exchange, code })
      expect(first.status).toBe(200)
      expect(said(first)).toMatchObject({ expires_in: 3600, token_type: 'bearer', restricted_to: [] })
      const { access_token = '', refresh_token = '' } = said(first)
      expect([box.isActive(access_token), box.isActive(refresh_token)]).toEqual([true, true])
      const again = await token(box, { ...exchange, code })
      expect([again.status, said(again).error]).toEqual([400, 'invalid_grant'])
      expect([box.isActive(access_token), box.isActive(refresh_token)]).toEqual([false, false])
      expect(box.counts().familiesKilled).toBe(1)
    }),
  )

  it(
    'refuses a code after 30 seconds',
    withBox(async (box) => {
      const late = codeOf(await box.grant(authorizeUrl(box)))
      box.clock.advance(29_999)
      const inTime = codeOf(await box.grant(authorizeUrl(box)))
      box.clock.advance(1)
      expect(said(await token(box, { ...exchange, code: late })).error).toBe('invalid_grant')
      expect((await token(box, { ...exchange, code: inTime })).status).toBe(200)
    }),
  )

  it(
    'refuses a code of another client, an unknown one and none',
    withBox(async (box) => {
      const code = codeOf(await box.grant(authorizeUrl(box)))
      const other = box.registerClient({ secret: 'other' })
      const theirs = await post(box.endpoints.token, { ...exchange, code, client_id: other.id, client_secret: 'other' })
      expect(said(theirs).error).toBe('invalid_grant')
      expect(said(await token(box, { ...exchange, code: 'made-up' })).error).toBe('invalid_grant')
      expect(said(await token(box, exchange)).error).toBe('invalid_request')
      expect((await token(box, { ...exchange, code })).status).toBe(200)
    }),
  )

  it(
    'compares the redirect URI if it is sent',
    withBox(async (box) => {
      const redirect_uri = 'http://127.0.0.1:9/callback'
      const code = codeOf(await box.grant(authorizeUrl(box, { redirect_uri })))
      const wrong = await token(box, { ...exchange, code, redirect_uri: 'http://127.0.0.1:10/callback' })
      expect(said(wrong).error).toBe('invalid_grant')
      expect((await token(box, { ...exchange, code, redirect_uri })).status).toBe(200)
    }),
  )

  it(
    'verifies PKCE by the vector of RFC 7636, appendix B',
    withBox(async (box) => {
      const url = authorizeUrl(box, { code_challenge: pkce.challenge, code_challenge_method: 'S256' })
      const code = codeOf(await box.grant(url))
      for (const code_verifier of ['', 'x'.repeat(43), pkce.challenge, `${pkce.verifier}x`, 'short']) {
        const wrong = await token(box, { ...exchange, code, code_verifier })
        expect([wrong.status, said(wrong).error]).toEqual([400, 'invalid_grant'])
      }
      expect((await token(box, { ...exchange, code, code_verifier: pkce.verifier })).status).toBe(200)
    }),
  )

  it(
    'refuses a verifier for a code that was asked for without a challenge (RFC 9700 §2.1.1)',
    withBox(async (box) => {
      const code = codeOf(await box.grant(authorizeUrl(box)))
      expect(said(await token(box, { ...exchange, code, code_verifier: pkce.verifier })).error).toBe('invalid_grant')
    }),
  )
})

describe('the authorization endpoint', () => {
  const redirectedError = async (url: string): Promise<URLSearchParams> => {
    const { status, headers } = await ask(url)
    expect(status).toBe(302)
    return new URL(String(headers['location'])).searchParams
  }

  it(
    'returns state and iss with the code (RFC 9207), exactly as they are',
    withBox(async (box) => {
      const state = 'box_csrf_token_ä&= %'
      const callback = new URL(await box.grant(authorizeUrl(box, { state })))
      expect(callback.searchParams.get('state')).toBe(state)
      expect(callback.searchParams.get('iss')).toBe(box.url)
      expect(callback.origin + callback.pathname).toBe('http://127.0.0.1/callback')
    }),
  )

  it(
    'leaves iss out, and the metadata says so',
    withBox(
      async (box) => {
        expect(new URL(await box.grant(authorizeUrl(box))).searchParams.has('iss')).toBe(false)
        const metadata = JSON.parse((await ask(box.endpoints.metadata)).text)
        expect(metadata.authorization_response_iss_parameter_supported).toBe(false)
      },
      { callbackIssuer: false },
    ),
  )

  it(
    'lies about iss when told to',
    withBox(
      async (box) =>
        expect(new URL(await box.grant(authorizeUrl(box))).searchParams.get('iss')).toBe('https://evil.example'),
      { callbackIssuer: 'https://evil.example' },
    ),
  )

  it(
    'tells the application that the person denied',
    withBox(async (box) => {
      const { searchParams } = new URL(await box.grant(authorizeUrl(box, { state: 's' }), { allow: false }))
      expect(searchParams.get('error')).toBe('access_denied')
      expect([searchParams.get('state'), searchParams.get('iss'), searchParams.has('code')]).toEqual([
        's',
        box.url,
        false,
      ])
    }),
  )

  it(
    'redirects errors to a redirect URI that it knows',
    withBox(async (box) => {
      const errors: ReadonlyArray<readonly [Readonly<Record<string, string>>, string]> = [
        [{ response_type: 'token' }, 'unsupported_response_type'],
        [{ response_type: '' }, 'invalid_request'],
        [{ scope: 'made_up' }, 'invalid_scope'],
        [{ scope: 'manage_groups' }, 'invalid_scope'],
        [{ code_challenge: pkce.verifier, code_challenge_method: 'plain' }, 'invalid_request'],
        [{ code_challenge: pkce.challenge }, 'invalid_request'],
        [{ code_challenge_method: 'S256' }, 'invalid_request'],
        [{ code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request'],
        [{ response_mode: 'fragment' }, 'invalid_request'],
      ]
      for (const [parameters, error] of errors) {
        const answer = await redirectedError(authorizeUrl(box, { state: 'kept', ...parameters }))
        expect([parameters, answer.get('error')]).toEqual([parameters, error])
        expect(answer.get('state')).toBe('kept')
      }
      const twice = await redirectedError(`${authorizeUrl(box)}&scope=item_read&scope=item_read`)
      expect(twice.get('error')).toBe('invalid_request')
    }),
  )

  it(
    'demands PKCE of a public client',
    withBox(async (box) => {
      const url = authorizeUrl(box, { client_id: box.publicClient.id, redirect_uri: 'http://127.0.0.1:9/callback' })
      expect((await redirectedError(url)).get('error')).toBe('invalid_request')
    }),
  )

  it(
    'never redirects to an address that is not registered, and reflects nothing',
    withBox(async (box) => {
      box.registerClient({ id: 'two', redirectUris: ['https://a.example/cb', 'https://b.example/cb'] })
      const bad = [
        'https://evil.example/callback',
        'http://127.0.0.1/callback/',
        'http://127.0.0.1:80@evil.example/callback',
        'http://127.0.0.1.evil.example/callback',
        'http://localhost/callback',
        'https://127.0.0.1/callback',
        'http://127.0.0.1:99999/callback',
        'http://127.0.0.1/callback?x=1',
        'http://127.0.0.1/x/../callback',
        'http://[::1]:9/callback',
        '"><script>alert(1)</script>',
      ].map((redirect_uri) => authorizeUrl(box, { redirect_uri }))
      const others = [
        authorizeUrl(box, { client_id: '<b>nobody</b>' }),
        authorizeUrl(box, { client_id: 'two' }),
        authorizeUrl(box, { client_id: 'two', redirect_uri: 'https://a.example:444/cb' }),
        `${authorizeUrl(box)}&redirect_uri=http://127.0.0.1/callback&redirect_uri=http://127.0.0.1/callback`,
        `${authorizeUrl(box)}&state=%zz`,
      ]
      for (const url of [...bad, ...others]) {
        const { status, headers, text } = await ask(url)
        expect([url, status, headers['location']]).toEqual([url, 400, undefined])
        expect(text).not.toMatch(/<script|<b>|evil/)
      }
    }),
  )

  it(
    'accepts any port of a registered loopback literal (RFC 8252 §7.3)',
    withBox(async (box) => {
      const redirect_uri = 'http://127.0.0.1:41873/callback'
      expect(await box.grant(authorizeUrl(box, { redirect_uri }))).toMatch(
        /^http:\/\/127\.0\.0\.1:41873\/callback\?code=/,
      )
      const pair = { code_challenge: pkce.challenge, code_challenge_method: 'S256' }
      const six = authorizeUrl(box, {
        client_id: box.publicClient.id,
        redirect_uri: 'http://[::1]:5/callback',
        ...pair,
      })
      expect(await box.grant(six)).toMatch(/^http:\/\/\[::1\]:5\/callback\?code=/)
    }),
  )

  it(
    'keeps the query of a redirect URI (RFC 6749 §3.1.2)',
    withBox(async (box) => {
      const { id } = box.registerClient({ redirectUris: ['https://a.example/cb?keep=%41'] })
      expect(await box.grant(authorizeUrl(box, { client_id: id }))).toMatch(/^https:\/\/a\.example\/cb\?keep=%41&code=/)
    }),
  )

  it(
    'shows a page that names application and scopes, escaped, in which a ticket works once',
    withBox(async (box) => {
      const { id } = box.registerClient({ name: '<i>App & "Co"</i>', scope: ['item_read'] })
      const page = await ask(authorizeUrl(box, { client_id: id, state: '<state>' }))
      expect(page.status).toBe(200)
      expect(page.text).toContain('&lt;i&gt;App &amp; &quot;Co&quot;&lt;/i&gt;')
      expect(page.text).toContain('item_read')
      expect(page.text).not.toMatch(/<i>|<state>|src=|href=|<script/)
      expect(page.headers['content-security-policy']).toContain("default-src 'none'")
      const ticket = /name="ticket" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
      const answer = { ticket, user: '7002', decision: 'grant' }
      expect((await post(box.endpoints.authorize, { ...answer, user: '7000' })).status).toBe(400)
      expect((await post(box.endpoints.authorize, { ...answer, decision: 'maybe' })).status).toBe(400)
      expect((await post(box.endpoints.activate, answer)).status).toBe(400)
      expect((await post(box.endpoints.authorize, answer)).status).toBe(303)
      expect((await post(box.endpoints.authorize, answer)).status).toBe(400)
      expect((await post(box.endpoints.authorize, { ...answer, ticket: 'forged' })).status).toBe(400)
    }),
  )

  it(
    'lets a page expire after ten minutes',
    withBox(async (box) => {
      const { text } = await ask(authorizeUrl(box))
      const ticket = /name="ticket" value="([^"]+)"/.exec(text)?.[1] ?? ''
      box.clock.advance(10 * 60 * 1000)
      expect((await post(box.endpoints.authorize, { ticket, user: '7001', decision: 'grant' })).status).toBe(400)
    }),
  )

  it(
    'says through grant() what the error page said',
    withBox(async (box) => {
      await expect(box.grant(authorizeUrl(box, { client_id: 'nobody' }))).rejects.toThrow(
        'client_id is missing or unknown',
      )
    }),
  )
})

import fc from 'fast-check'
import type { Sandbox } from '../src/index.js'
import { ask, said, secrets, withBox } from './support.js'

const asToken = (box: Sandbox, host: string) =>
  ask(box.endpoints.token, {
    method: 'POST',
    headers: { host, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      ...secrets(box),
      grant_type: 'client_credentials',
      box_subject_type: 'enterprise',
      box_subject_id: box.enterprise,
    }).toString(),
  })

describe('[P10] the Host of a request', () => {
  it(
    'is a name of the loopback interface, with any port',
    withBox(async (box) => {
      const { host, port } = new URL(box.url)
      for (const own of [
        host,
        '127.0.0.1',
        'localhost',
        `LOCALHOST:${port}`,
        'localhost.',
        'box.localhost:1',
        '[::1]:8080',
        '127.1.2.3',
      ])
        expect([own, (await asToken(box, own)).status]).toEqual([own, 200])
    }),
  )

  it(
    'of any other name gets no token, whatever its beginning or end',
    withBox(async (box) => {
      const { port } = new URL(box.url)
      const foreign = fc.oneof(
        fc.constantFrom('evil.test', 'localhost.evil.test', 'notlocalhost', '127.0.0.1.evil.test', '10.0.0.1', '[::2]'),
        fc.domain(),
      )
      await fc.assert(
        fc.asyncProperty(foreign, fc.boolean(), async (name, withPort) => {
          const answer = await asToken(box, withPort ? `${name}:${port}` : name)
          expect([answer.status, said(answer).error, said(answer).access_token]).toEqual([
            421,
            'misdirected_request',
            undefined,
          ])
          expect(said(answer).error_description).toContain('allowedHosts')
        }),
        { numRuns: 50 },
      )
      expect(box.counts().accessTokensIssued).toBe(0)
    }),
  )

  it(
    'of another name reaches no page, no API and no fault either',
    withBox(async (box) => {
      const headers = { host: 'evil.test' }
      box.faults.next({ kind: 'status', status: 200 })
      const page = await ask(`${box.endpoints.authorize}?response_type=code&client_id=${box.client.id}`, { headers })
      expect([page.status, page.text.includes('ticket')]).toEqual([421, false])
      const authorization = `Bearer ${box.issue().accessToken}`
      const me = await ask(`${box.endpoints.api}/users/me`, { headers: { ...headers, authorization } })
      expect([me.status, JSON.parse(me.text).type]).toEqual([421, 'error'])
      expect((await ask(`${box.url}/nowhere`, { headers })).status).toBe(421)
      expect(box.faults.pending()).toBe(1)
    }),
  )

  it(
    'may be a name that is allowed, in any case and with any port',
    withBox(
      async (box) => {
        for (const allowed of ['box.test', 'BOX.test:443', 'box.test.', 'api.box.com'])
          expect([allowed, (await asToken(box, allowed)).status]).toEqual([allowed, 200])
        expect((await asToken(box, 'test')).status).toBe(421)
        expect((await asToken(box, 'x.box.test')).status).toBe(421)
      },
      { allowedHosts: ['Box.Test', 'api.box.com:443'] },
    ),
  )
})

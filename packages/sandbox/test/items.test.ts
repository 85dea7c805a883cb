import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Sandbox } from '../src/index.js'
import { api, ask, post, said, secrets, token, withBox } from './support.js'

interface Items {
  readonly entries: ReadonlyArray<{ readonly type: string; readonly id: string; readonly [other: string]: unknown }>
  readonly next_marker?: string | null
  readonly [other: string]: unknown
}

const itemsOf = async (box: Sandbox, accessToken: string, id: string, query: Readonly<Record<string, string>> = {}) => {
  const answer = await api(box, `/folders/${id}/items?${new URLSearchParams(query)}`, accessToken)
  const body: Items = JSON.parse(answer.text)
  return { status: answer.status, body, ids: body.entries?.map(({ type, id }) => `${type} ${id}`) }
}

/** A token with a part of what the token of an application may. */
const downscoped = async (box: Sandbox, scope: string, resource?: string): Promise<string> => {
  const answer = await token(box, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: box.issue().accessToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope,
    ...(resource !== undefined && { resource: `${box.endpoints.api}${resource}` }),
  })
  expect({ scope, status: answer.status }).toEqual({ scope, status: 200 })
  return said(answer).access_token ?? ''
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex')

describe('[P10] the items of a folder', () => {
  it(
    'are its folders, then its files, in their mini representation',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const root = await itemsOf(box, accessToken, '0')
      expect(root.body).toEqual({
        total_count: 2,
        offset: 0,
        limit: 100,
        order: [
          { by: 'type', direction: 'ASC' },
          { by: 'name', direction: 'ASC' },
        ],
        entries: [
          { type: 'folder', id: '789', etag: '0', sequence_id: '0', name: 'Drawings' },
          {
            type: 'file',
            id: '123',
            etag: '0',
            sequence_id: '0',
            name: 'Contract.pdf',
            sha1: sha1(box.files[0]?.content ?? ''),
            file_version: { type: 'file_version', id: '123', sha1: expect.any(String) },
          },
        ],
      })
      expect((await itemsOf(box, accessToken, '789')).ids).toEqual(['file 456'])
      expect((await itemsOf(box, accessToken, '999')).status).toBe(404)
      expect((await itemsOf(box, accessToken, '123')).status).toBe(404)
    }),
  )

  it(
    'have the fields that are asked for, besides the mini representation',
    withBox(async (box) => {
      const { accessToken } = box.issue({ user: '7002' })
      const { body } = await itemsOf(box, accessToken, '789', { fields: 'size,owned_by,item_status,nonsense' })
      expect(body.entries).toEqual([
        {
          type: 'file',
          id: '456',
          etag: '0',
          sequence_id: '0',
          name: 'Drawing.dwg',
          sha1: expect.any(String),
          file_version: expect.anything(),
          size: box.files[1]?.content.length,
          item_status: 'active',
          owned_by: { type: 'user', id: '7002', name: 'Max Managed', login: 'max@example.com' },
        },
      ])
    }),
  )

  it(
    'come in pages, by offset and by marker: each page has what it asks for, all pages together have all',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const all = ['folder 789', 'file 123']
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 3 }), async (limit) => {
          const byOffset: Array<string> = []
          for (let offset = 0; offset < 3; offset += limit) {
            const page = await itemsOf(box, accessToken, '0', { limit: String(limit), offset: String(offset) })
            expect(page.body).toMatchObject({ total_count: 2, limit, offset })
            expect(page.ids.length).toBeLessThanOrEqual(limit)
            byOffset.push(...page.ids)
          }
          const byMarker: Array<string> = []
          let marker: string | null | undefined = ''
          while (typeof marker === 'string' && byMarker.length < 9) {
            const query = { usemarker: 'true', limit: String(limit), ...(marker !== '' && { marker }) }
            const page = await itemsOf(box, accessToken, '0', query)
            expect(page.body).not.toHaveProperty('total_count')
            expect(page.ids.length).toBeLessThanOrEqual(limit)
            byMarker.push(...page.ids)
            marker = page.body.next_marker
          }
          expect([byOffset, byMarker, marker]).toEqual([all, all, null])
        }),
        { numRuns: 5 },
      )
    }),
  )

  it(
    'go on after a marker whose item is gone',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const query = { usemarker: 'true', limit: '2' }
      expect((await itemsOf(box, accessToken, '0', query)).body.next_marker).toBeNull()
      const marker = Buffer.from('1:122').toString('base64url')
      expect((await itemsOf(box, accessToken, '0', { ...query, marker })).ids).toEqual(['file 123'])
      expect((await itemsOf(box, accessToken, '0', { ...query, limit: '1' })).body.next_marker).toBe(
        Buffer.from('0:789').toString('base64url'),
      )
    }),
  )

  it(
    'are sorted as asked, and what is wrong is a 400',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      for (const sort of ['id', 'name', 'size', 'date']) {
        const { body, ids } = await itemsOf(box, accessToken, '0', { sort, direction: 'DESC' })
        expect(ids).toEqual(['folder 789', 'file 123'])
        expect(body['order']).toEqual([
          { by: 'type', direction: 'ASC' },
          { by: sort, direction: 'DESC' },
        ])
      }
      expect((await itemsOf(box, accessToken, '0', { limit: '99999' })).body['limit']).toBe(1000)
      for (const wrong of [
        { limit: '0' },
        { limit: '-1' },
        { limit: 'all' },
        { offset: '-1' },
        { offset: '10001' },
        { sort: 'constructor' },
        { direction: 'UP' },
        { usemarker: 'true', marker: 'not a marker' },
      ]) {
        const { status, body } = await itemsOf(box, accessToken, '0', wrong)
        expect({ wrong, status, code: body['code'] }).toEqual({ wrong, status: 400, code: 'bad_request' })
      }
    }),
  )
})

describe('[P10] a file', () => {
  it(
    'has its content at an address that needs no token, for a while',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const answer = await api(box, '/files/456/content', accessToken)
      expect([answer.status, answer.text]).toEqual([302, ''])
      const location = String(answer.headers['location'])
      const content = await ask(location)
      expect([content.status, content.text]).toEqual([200, box.files[1]?.content])
      expect(content.headers['content-disposition']).toContain('Drawing.dwg')
      expect((await ask(`${location}x`)).status).toBe(404)
      box.clock.advance(15 * 60 * 1000)
      expect((await ask(location)).status).toBe(404)
    }),
  )

  it(
    'is gone after a DELETE, with an empty 204',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const answer = await api(box, '/files/123', accessToken, { method: 'DELETE' })
      expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([204, '', undefined])
      for (const path of ['/files/123', '/files/123/content'])
        expect((await api(box, path, accessToken)).status).toBe(404)
      expect((await api(box, '/files/123', accessToken, { method: 'DELETE' })).status).toBe(404)
      expect((await itemsOf(box, accessToken, '0')).ids).toEqual(['folder 789'])
      expect(box.files.map(({ id }) => id)).toEqual(['456'])
    }),
  )

  it(
    'is found by the check before an upload, as some clients look for it',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const check = async (wish: unknown, bearer = accessToken) => {
        const body = typeof wish === 'string' ? wish : JSON.stringify(wish)
        // node:http frames no body of an OPTIONS by itself
        const headers = { 'content-length': String(Buffer.byteLength(body)) }
        const answer = await api(box, '/files/content', bearer, { method: 'OPTIONS', headers, body })
        return { status: answer.status, body: answer.text === '' ? null : JSON.parse(answer.text) }
      }
      expect(await check({ name: 'contract.PDF', parent: { id: '0' } })).toMatchObject({
        status: 409,
        body: { code: 'item_name_in_use', context_info: { conflicts: { type: 'file', id: '123' } } },
      })
      expect((await check({ name: 'Other.pdf', parent: { id: '0' } })).status).toBe(200)
      expect((await check({ name: 'Contract.pdf', parent: { id: '999' } })).status).toBe(404)
      for (const wrong of [
        '',
        '{',
        'null',
        '5',
        { name: 'x' },
        { name: 'x', parent: null },
        { name: 1, parent: { id: '0' } },
      ])
        expect((await check(wrong)).status).toBe(400)
      const reader = await downscoped(box, 'item_read')
      expect((await check({ name: 'x', parent: { id: '0' } }, reader)).status).toBe(403)
    }),
  )
})

describe('[P10] what a scope opens', () => {
  const requests = {
    information: ['GET', '/files/456'],
    listing: ['GET', '/folders/789/items'],
    content: ['GET', '/files/456/content'],
    writing: ['PUT', '/files/456'],
    deletion: ['DELETE', '/files/456'],
  } as const

  it.each([
    ['item_preview', ['information']],
    ['base_preview', ['information']],
    ['item_download', ['information', 'content']],
    ['item_read', ['information', 'listing']],
    ['base_explorer', ['information', 'listing']],
    ['item_delete', ['deletion']],
    ['item_upload', []],
    ['root_readonly', ['information', 'listing', 'content']],
    ['item_readwrite', ['information', 'listing', 'content', 'writing', 'deletion']],
    ['root_readwrite', ['information', 'listing', 'content', 'writing', 'deletion']],
  ])('%s: %j', async (scope, parts) => {
    await withBox(async (box) => {
      const narrow = await downscoped(box, scope, '/folders/789')
      const opened: Array<string> = []
      for (const [part, [method, path]] of Object.entries(requests)) {
        const { status } = await api(box, path, narrow, { method })
        if (status < 400) opened.push(part)
        else expect({ part, status }).toEqual({ part, status: 403 })
      }
      expect(opened).toEqual(parts)
      // outside its folder it opens nothing, and says no more than that there is nothing
      for (const path of ['/files/123', '/files/123/content', '/folders/0/items'])
        expect((await api(box, path, narrow)).status).toBe(404)
    })()
  })

  it(
    'a dead or missing token gets 401 with the headers of Box everywhere',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      await post(box.endpoints.revoke, { ...secrets(box), token: accessToken })
      const all = [...Object.values(requests), ['OPTIONS', '/files/content'], ['GET', '/users/me']] as const
      for (const [method, path] of all) {
        for (const [headers, error] of [
          [{ authorization: `Bearer ${accessToken}` }, 'error="invalid_token"'],
          [{}, 'Bearer realm="Service"'],
        ] as const) {
          const answer = await ask(`${box.endpoints.api}${path}`, { method, headers })
          expect([method, path, answer.status, answer.text]).toEqual([method, path, 401, ''])
          expect(answer.headers['www-authenticate']).toContain(error)
          expect(answer.headers['box-request-id']).toMatch(/^[0-9a-f]{16}$/)
        }
      }
    }),
  )
})

describe('[P10] the current user', () => {
  it(
    'has the space that is used and left, and with fields only what they name',
    withBox(async (box) => {
      const { accessToken } = box.issue()
      const used = box.files.reduce((sum, { content }) => sum + content.length, 0)
      const me = JSON.parse((await api(box, '/users/me', accessToken)).text)
      expect(me).toMatchObject({ space_used: used, space_amount: 10 * 2 ** 30, status: 'active' })
      const { text } = await api(box, '/users/me?fields=status', accessToken)
      expect(Object.keys(JSON.parse(text))).toEqual(['type', 'id', 'name', 'login', 'status'])
    }),
  )
})

import { homedir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { openStoreUrl, parseStore, type StorePlace, showStore } from '../src/storePlace.js'

const parsed = (text: string): StorePlace => {
  const place = parseStore(text, '/base')
  if (E.isLeft(place)) throw new Error(place.left)
  return place.right
}

/** With the secrets open, so that they can be compared. */
const opened = (text: string) => {
  const place = parsed(text)
  if (place._tag !== 'Redis') return place
  const { user, password, ...rest } = place
  return {
    ...rest,
    user: O.toUndefined(O.map(Secret.open)(user)),
    password: O.toUndefined(O.map(Secret.open)(password)),
  }
}

describe('the URL of a store', () => {
  it('is a folder', () => {
    const forms: ReadonlyArray<readonly [string, string]> = [
      ['file:/a/b', '/a/b'],
      ['file:/a%20b', '/a%20b'],
      ['file:a', '/base/a'],
      ['file:../a', '/a'],
      ['file:///a%20b', '/a b'],
      ['file://localhost/a', '/a'],
      ['file:~/a', join(homedir(), 'a')],
      ['file:~', homedir()],
      ['file:~a', '/base/~a'],
    ]
    for (const [text, folder] of forms) expect(parsed(text)).toEqual({ _tag: 'Folder', folder })
  })

  it('is one Redis, Sentinels or a Cluster', () => {
    const h = (host: string, port: number) => ({ host, port })
    expect(opened('redis://h')).toMatchObject({
      tls: false,
      topology: { _tag: 'Server', host: h('h', 6379), database: 0 },
    })
    expect(opened('rediss://[::1]:7000/3')).toMatchObject({
      tls: true,
      topology: { _tag: 'Server', host: h('::1', 7000), database: 3 },
    })
    expect(opened('redis://h/')).toMatchObject({ topology: { host: h('h', 6379), database: 0 } })
    expect(opened('redis+sentinel://a,b:1,[::2]/main')).toMatchObject({
      tls: false,
      topology: {
        _tag: 'Sentinel',
        sentinels: [h('a', 26379), h('b', 1), h('::2', 26379)],
        primary: 'main',
        database: 0,
      },
    })
    expect(opened('rediss+sentinel://a/main/2')).toMatchObject({
      tls: true,
      topology: { primary: 'main', database: 2 },
    })
    expect(opened('redis+cluster://a:7000,b:7001')).toMatchObject({
      topology: { _tag: 'Cluster', nodes: [h('a', 7000), h('b', 7001)] },
    })
    expect(opened('rediss+cluster://a')).toMatchObject({ tls: true, topology: { nodes: [h('a', 6379)] } })
  })

  it('has a user and a password of any characters, percent-encoded', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('redis://', 'rediss+sentinel://', 'redis+cluster://'),
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (scheme, user, password) => {
          const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`
          const place = opened(`${scheme}${login}h${scheme.includes('sentinel') ? '/main' : ''}`)
          expect(place).toMatchObject({ user: user || undefined, password: password || undefined })
        },
      ),
    )
    expect(opened('redis://ada@h')).toMatchObject({ user: 'ada', password: undefined })
  })

  it('is shown without them, and reads the same again', () => {
    for (const text of [
      'file:/a b',
      'redis://h:1/0',
      'rediss://[::1]:6379/2',
      'redis+sentinel://a:1,b:2/main/0',
      'rediss+cluster://a:1,b:2',
    ]) {
      expect(showStore(parsed(text))).toBe(text)
      const secret = text.replace('://', '://ada:s3c%2Fret@')
      const place = parsed(secret)
      expect(showStore(place)).toBe(text)
      if (place._tag === 'Redis') expect(Secret.open(openStoreUrl(place))).toBe(secret)
      if (place._tag === 'Redis')
        expect(Secret.open(openStoreUrl({ ...place, user: O.none, password: O.none }))).toBe(text)
    }
  })

  it.each([
    '',
    'redis',
    'redis:',
    'redis://',
    'redis:///0',
    'redis://h:0',
    'redis://h:65536',
    'redis://h:x',
    'redis://h/x',
    'redis://h/0/1',
    'redis://a,b',
    'redis://h?db=1',
    'redis://h#x',
    'redis://a b',
    'redis://%@h',
    'redis://:a@b@h',
    'redis://:a/b@h',
    'redis+sentinel://h',
    'redis+sentinel://h/',
    'redis+sentinel://a:1/b@h/main',
    'redis+sentinel://h/main/x',
    'redis+sentinel://h/ma%20in',
    'redis+cluster://h/0',
    'redis+cluster://a,,b',
    'redis+other://h',
    'http://h',
    'file:',
    'file://other/a',
    'file:a\0b',
    '/a',
  ])('is not %j', (text) => {
    expect(E.isLeft(parseStore(text, '/base'))).toBe(true)
  })

  it('is never told where it is wrong', () => {
    const canary = 'c4n4ry'
    const at = fc.constantFrom('redis://', 'redis+sentinel://', 'rediss+cluster://', 'redis:', 'file://', '')
    const noise = fc.string({ unit: fc.constantFrom('@', ':', '/', '?', '#', '%', ',', 'h', '0', ' ') })
    fc.assert(
      fc.property(at, noise, noise, (scheme, before, after) => {
        const place = parseStore(`${scheme}${before}:${canary}@${after}`, '/base')
        if (E.isLeft(place)) expect(place.left).not.toContain(canary)
        else if (place.right._tag === 'Redis') expect(showStore(place.right)).not.toContain(canary)
      }),
      { numRuns: 2_000 },
    )
  })
})

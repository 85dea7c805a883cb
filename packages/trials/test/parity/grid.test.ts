/** Every strategy with every store: one suite of laws for each cell, through the public API and over real HTTP. */
import { minutes, nonce, Secret, type Strategy, seconds, type TokenSource } from '@tessera/core'
import { authenticatedFetch, type NodeEnv } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { has, leftOut } from '../../../tools/jest/needs.js'
import { accessOf, left, right } from '../support/either.js'
import { PLACES, type Place, REDIS_PLACES } from './support/places.js'
import { WAYS, type Way } from './support/ways.js'
import { moving, openWorld, sourceOf, type World } from './support/world.js'

const places = Object.entries({ ...PLACES, ...(has('redis-server') && REDIS_PLACES) })
const ways = Object.entries(WAYS)
leftOut('redis-server', ...Object.keys(REDIS_PLACES).map((place) => `every strategy with ${place}`))

let world: World

beforeAll(async () => {
  const { env, ...rest } = await openWorld()
  const prompt = { ask: () => TE.fromIO(() => Secret.make('Answer', `${rest.box.developerToken()}\n`)) }
  world = { ...rest, env: { ...env, prompt } }
})
afterAll(() => world.close())

/** A session that two processes share, and how often a token was acquired for it. */
interface Cell {
  readonly way: Way
  readonly here: TokenSource
  readonly there: TokenSource
  /** Of a process that comes later. */
  readonly later: () => TokenSource
  readonly acquired: () => number
}

/** A session that has begun. */
const begin = async (open: (world: World) => Promise<Way>, { store }: Place): Promise<Cell> => {
  const way = await open(world)
  let acquired = 0
  const counted: Strategy<NodeEnv> = Object.assign(
    (...attempt: Parameters<Strategy<NodeEnv>>) => {
      acquired++
      return way.strategy(...attempt)
    },
    { traits: way.strategy.traits ?? {} },
  )
  const key = nonce(world.env.random)()
  const { login, initial, revocation } = way
  const source = (first: boolean): TokenSource =>
    sourceOf(world, counted, {
      store: moving(store(), world.clock),
      key,
      maxStale: seconds(1),
      // On a busy machine the server, which is in this process, and a disk may answer late.
      timeout: minutes(4),
      ...(revocation !== undefined && { revocation }),
      ...(first && initial !== undefined && { initial: initial() }),
    })
  const here = source(true)
  right(await (login === undefined ? here.get() : here.login(await login())(world.env)()))
  // Old enough to be refused, and what was read is old enough to be read again.
  world.pass(seconds(2))
  return { way, here, there: source(false), later: () => source(false), acquired: () => acquired }
}

const token = async ({ get }: Pick<TokenSource, 'get'>): Promise<string> => accessOf(right(await get()))

const opens = async ({ way }: Cell, source: TokenSource): Promise<number> =>
  (
    await authenticatedFetch({ tokens: source, origins: [world.box.url] })(
      `${world.box.endpoints.api}${way.opens ?? '/users/me'}`,
    )
  ).status

/** A session of its own has nobody to ask for a new one. */
const needsPerson = ({ login, initial }: Way): boolean => login !== undefined || initial !== undefined

const LAWS: Readonly<Record<string, (cell: Cell) => Promise<void>>> = {
  'acquires a token that opens the API': async (cell) => {
    expect(await opens(cell, cell.here)).toBe(200)
  },

  'serves it from the store to a second source': async ({ here, there, acquired }) => {
    const before = [acquired(), world.requests()]
    expect(await token(there)).toBe(await token(here))
    expect([acquired(), world.requests()]).toEqual(before)
  },

  'renews it after its end, once for all callers': async (cell) => {
    const { here, acquired } = cell
    const first = await token(here)
    const before = acquired()
    world.pass(minutes(61))
    const tokens = new Set(await Promise.all(Array.from({ length: 20 }, () => token(here))))
    expect([tokens.size, tokens.has(first), acquired() - before]).toEqual([1, false, 1])
    expect(await opens(cell, here)).toBe(200)
  },

  'renews what is refused, once for all callers of all processes': async (cell) => {
    const { here, there, acquired } = cell
    const used = right(await here.get()).accessToken
    await token(there)
    const before = acquired()
    const tokens = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const source = index % 2 === 0 ? here : there
        right(await source.invalidate(used)())
        return token(source)
      }),
    )
    expect([new Set(tokens).size, tokens.includes(Secret.open(used)), acquired() - before]).toEqual([1, false, 1])
    expect([await opens(cell, here), await opens(cell, there)]).toEqual([200, 200])
  },

  'stays revoked, or begins anew where it needs nobody': async (cell) => {
    const { way, here, there, later } = cell
    const first = await token(there)
    const isRevoked = way.revocation !== undefined
    expect(right(await here.revoke())).toBe(isRevoked ? 'revoked' : 'local')
    expect(world.box.isActive(first)).toBe(!isRevoked)
    world.pass(seconds(2))
    for (const source of [here, there, later()]) {
      const after = await source.get()
      if (needsPerson(way)) expect(left(after)._tag).toBe('ReauthenticationRequired')
      else expect([E.isRight(after), accessOf(right(after)) === first]).toEqual([true, false])
    }
  },

  'is closed for one, and open for the others': async (cell) => {
    const { here, there, acquired } = cell
    const first = await token(here)
    right(await here.close({ revoke: false })())
    expect([here.closed(), there.closed()]).toEqual([true, false])
    const before = acquired()
    expect(await here.get()).toEqual(E.left({ _tag: 'Closed' }))
    expect([await token(there), acquired()]).toEqual([first, before])
  },
}

describe('grid', () => {
  describe.each(places)('%s', (_place, make) => {
    let place: Place
    beforeAll(async () => {
      place = await make()
    })
    afterAll(() => place.close())

    describe.each(ways)('%s', (_way, open) => {
      test.each(Object.entries(LAWS))('%s', async (_law, holds) => {
        await holds(await begin(open, place))
      })
    })
  })
})

test(`the grid has ${ways.length} strategies × ${places.length} stores = ${ways.length * places.length} cells`, () => {
  const cells = ways.length * places.length
  process.stderr.write(`grid: ${cells} cells, ${cells * Object.keys(LAWS).length} laws\n`)
  expect(cells).toBeGreaterThanOrEqual(96)
})

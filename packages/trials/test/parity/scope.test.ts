/** What a user of the seed's `TokenScope` relies on, and what is better. */
import * as Box from '@tessera/box'
import { memoryStore, Secret, TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { tokenScope } from './seed/tokens.js'
import { better } from './support/better.js'
import { eachInWorld, parameter, type World } from './support/world.js'

const world = eachInWorld()

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** A token for one scope, or the error's tag. */
const narrowed = async ({ box, client, env }: World, scope: Box.Scope): Promise<string> => {
  const token = await pipe(
    Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) }),
    TokenSource.make({ store: memoryStore() }),
    Box.downscoped({ server: client.server, scope: [scope] }),
  )(env)().get()
  return E.isRight(token) ? Secret.open(token.right.accessToken) : token.left._tag
}

describe('S-SCOPE-01', () => {
  const names = {
    itemRead: 'item_read',
    itemReadWrite: 'item_readwrite',
    itemPreview: 'item_preview',
    itemUpload: 'item_upload',
    itemShare: 'item_share',
    itemDelete: 'item_delete',
    itemDownload: 'item_download',
  } as const
  test('each of the seven narrows a token by its name', async () => {
    for (const scope of [
      Box.scope.itemRead,
      Box.scope.itemReadWrite,
      Box.scope.itemPreview,
      Box.scope.itemUpload,
      Box.scope.itemShare,
      Box.scope.itemDelete,
      Box.scope.itemDownload,
    ]) {
      expect(world().box.isActive(await narrowed(world(), scope))).toBe(true)
    }
    expect(Box.scope).toMatchObject(names)
    expect(
      world()
        .sent(EXCHANGE)
        .map((request) => parameter(request, 'scope')),
    ).toEqual(Object.values(names))
  })

  test('a text that is no scope is no argument', async () => {
    // @ts-expect-error A scope of Box's, or one that was asked for by name.
    expect(await narrowed(world(), 'item_comment')).toBe('Rejected')
  })
})

// Box's guide “Scopes”, and “Downscope a token”.
const DOCUMENTED = [
  'annotation_edit',
  'annotation_view_all',
  'annotation_view_self',
  'base_explorer',
  'base_picker',
  'base_preview',
  'base_sidebar',
  'base_upload',
  'item_delete',
  'item_download',
  'item_preview',
  'item_rename',
  'item_share',
  'item_upload',
  'manage_app_users',
  'manage_data_retention',
  'manage_enterprise_properties',
  'manage_groups',
  'manage_managed_users',
  'manage_webhook',
  'root_readonly',
  'root_readwrite',
]

interface Scopes {
  readonly named: (name: string) => boolean
  /** What the server is asked for, or that nothing is. */
  readonly ask: (other: string) => Promise<string | undefined>
}

better(
  'S-SCOPE-01',
  "the scopes of Box's present documentation are values too, and any other passes by an escape hatch of its own type",
  {
    law: async ({ named, ask }: Scopes) => {
      expect(DOCUMENTED.filter((name) => !named(name))).toEqual([])
      expect(await ask('item_comment')).toBe('item_comment')
    },
    ours: (at) => ({
      named: (name) => Object.values(Box.scope).some((value) => value === name),
      ask: async (other) => {
        await narrowed(at, Box.scope.other(other))
        return at.sent(EXCHANGE).map((request) => parameter(request, 'scope'))[0]
      },
    }),
    seed: () => {
      const named = (name: string): boolean =>
        E.isRight(
          E.tryCatch(
            () => tokenScope(name),
            () => undefined,
          ),
        )
      return { named, ask: async (other) => (named(other) ? other : undefined) }
    },
  },
)

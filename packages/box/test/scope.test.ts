import * as Box from '@tessera/box'

const { other, ...known } = Box.scope

test.each([
  ['S-SCOPE-01 of the seed', 'item_read item_readwrite item_preview item_upload item_share item_delete item_download'],
  [
    'S-SCOPE-01 of the downscoping guide',
    `annotation_edit annotation_view_all annotation_view_self base_explorer base_picker base_preview base_sidebar
     base_upload item_delete item_download item_preview item_rename item_share item_upload`,
  ],
  [
    'S-SCOPE-01 of applications',
    `root_readonly root_readwrite manage_app_users manage_managed_users manage_groups manage_webhook
     manage_enterprise_properties manage_data_retention manage_legal_hold manage_legal_holds manage_triggers
     sign_requests.readwrite ai.readwrite enterprise_content`,
  ],
])('%s', (_, scopes) => {
  const values: ReadonlyArray<string> = Object.values(known)
  expect(values).toEqual(expect.arrayContaining(scopes.split(/\s+/)))
})

test('each scope once', () => {
  expect(new Set(Object.values(known)).size).toBe(Object.values(known).length)
})

test('S-SCOPE-01 an unknown scope passes by the escape hatch only', () => {
  const hatched: Box.Scope = other('item_comment')
  // @ts-expect-error a text is no scope
  const plain: Box.Scope = 'item_comment'
  expect([hatched, plain]).toEqual(['item_comment', 'item_comment'])
})

/**
 * Box's scopes, typed.
 *
 * @packageDocumentation
 */

/** A scope that this package does not know. Made by `Box.scope.other`. */
export type OtherScope = string & { readonly _OtherScope: unique symbol }

/** The scopes that Box documents. */
const known = {
  /** Read an item. */
  itemRead: 'item_read',
  /** Read and write an item. */
  itemReadWrite: 'item_readwrite',
  /** Preview a file. */
  itemPreview: 'item_preview',
  /** Upload, in the content picker. */
  itemUpload: 'item_upload',
  /** Share the item that the token is restricted to. */
  itemShare: 'item_share',
  /** Delete files and folders. */
  itemDelete: 'item_delete',
  /** Download files and the contents of a folder. */
  itemDownload: 'item_download',
  /** Rename files and folders. */
  itemRename: 'item_rename',

  /** Edit and delete annotations. */
  annotationEdit: 'annotation_edit',
  /** See everybody's annotations. */
  annotationViewAll: 'annotation_view_all',
  /** See the user's own annotations only. */
  annotationViewSelf: 'annotation_view_self',

  /** The content explorer's access to the folder tree. */
  baseExplorer: 'base_explorer',
  /** The content picker's access to the folder tree. */
  basePicker: 'base_picker',
  /** Preview a file, and nothing else. */
  basePreview: 'base_preview',
  /** What the sidebar shows of a file. */
  baseSidebar: 'base_sidebar',
  /** Upload into the folder that the token is restricted to. */
  baseUpload: 'base_upload',

  /** Read all files and folders. */
  rootReadOnly: 'root_readonly',
  /** Read and write all files and folders. */
  rootReadWrite: 'root_readwrite',

  /** Manage app users. */
  manageAppUsers: 'manage_app_users',
  /** Manage managed users. */
  manageManagedUsers: 'manage_managed_users',
  /** Manage groups and their members. */
  manageGroups: 'manage_groups',
  /** Manage webhooks. */
  manageWebhook: 'manage_webhook',
  /** The enterprise's events, attributes, reports and device pins. */
  manageEnterpriseProperties: 'manage_enterprise_properties',
  /** Manage retention policies. */
  manageDataRetention: 'manage_data_retention',
  /** Manage legal holds, as the OpenAPI description spells it. */
  manageLegalHold: 'manage_legal_hold',
  /** Manage legal holds, as the scopes guide spells it. */
  manageLegalHolds: 'manage_legal_holds',
  /** Box Relay's workflows. */
  manageTriggers: 'manage_triggers',
  /** Box Sign's requests. */
  signRequestsReadWrite: 'sign_requests.readwrite',
  /** Box AI. */
  aiReadWrite: 'ai.readwrite',
  /** Global content manager: any content of the enterprise. */
  enterpriseContent: 'enterprise_content',
} as const

/** A scope that Box documents, or another that was asked for by name. */
export type Scope = (typeof known)[keyof typeof known] | OtherScope

/**
 * The scopes of Box's present documentation (the guides “Scopes” and “Downscope a token”, and the OpenAPI description),
 * `item_read` and `item_readwrite` of its Python package, and `other` for one that is not listed.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * const scope: ReadonlyArray<Box.Scope> = [Box.scope.itemPreview, Box.scope.other('item_comment')]
 * assert.strictEqual(scope.join(' '), 'item_preview item_comment')
 */
export const scope = {
  ...known,
  /** A scope that is not listed here, as it is. RFC 6749 §3.3 allows it printable ASCII without space, `"` and `\`. */
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: the brand exists in the type only, and this is where it is given
  other: (name: string): OtherScope => name as OtherScope,
} as const

/** Elements that stand in every message, or in most of them. */

import { FLAG, list, object, opaque, text, UUID } from '../formats.ts';
import { row } from '../rule.ts';

/** Data that the specification does not define. A receiver that does not know a critical one must refuse the message (error 202). */
export const MESSAGE_EXTENSION = row(
  'messageExtension',
  list(
    object([
      row('name', text(64), 'required'),
      row('id', text(64), 'required'),
      row('criticalityIndicator', FLAG, 'required'),
      row('data', opaque(8059), 'required'),
    ]),
    10,
  ),
);

export const SERVER_TRANSACTION = row('threeDSServerTransID', UUID, 'required');
export const ACS_TRANSACTION = row('acsTransID', UUID, 'required');
export const DS_TRANSACTION = row('dsTransID', UUID, 'required');

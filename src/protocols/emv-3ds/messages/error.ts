/** Erro: the other side could not use a message, and why. */

import { code, digits, text, UUID } from '../formats.ts';
import { row } from '../rule.ts';

/** The Erro's table. Components: C the app's SDK, S 3DS Server, D directory server, A ACS. */
export const ERRO = [
  row('errorCode', digits(3), 'required'),
  row('errorComponent', code('C', 'S', 'D', 'A'), 'required'),
  row('errorDescription', text(2048), 'required'),
  row('errorDetail', text(2048), 'required'),
  row('errorMessageType', text(4, 4)),
  row('threeDSServerTransID', UUID),
  row('acsTransID', UUID),
  row('dsTransID', UUID),
  row('sdkTransID', UUID),
] as const;

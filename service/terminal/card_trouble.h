/* What can be wrong with a card or its reader, and what the reception does about it. `check` and `doctor` say the same words. */
#ifndef SHIKAKU_TERMINAL_CARD_TROUBLE_H
#define SHIKAKU_TERMINAL_CARD_TROUBLE_H

#include "terminal/exit_codes.h"

/* X(name, exit code, words for the desk, English). The tries that are left are told as far as PKCS#11 does: few, one, none. */
#define CARD_TROUBLES(X) \
	X(FILE_UNREADABLE, USAGE, "カードのファイルを読めません。ファイルの場所をご確認ください。", \
		"the file cannot be read, or is no card's") \
	X(FILE_WITHOUT_CERTIFICATE, USAGE, \
		"カードのファイルに電子証明書がありません。ファイルをご確認ください。", \
		"holds no certificate in PEM") \
	X(FILE_WITHOUT_KEY, USAGE, "カードのファイルに秘密鍵がありません。ファイルをご確認ください。", \
		"holds no private key in PEM") \
	X(FILE_KEY_ENCRYPTED, USAGE, \
		"カードのファイルの秘密鍵が暗号化されています。暗号化されていないファイルをお使いください" \
		"。", \
		"the private key is encrypted; the key of a card file stands in the clear") \
	X(FILE_FOREIGN_KEY, USAGE, \
		"カードのファイルの秘密鍵が、電子証明書のものではありません。ファイルをご確認ください。", \
		"the private key does not belong to the certificate") \
	X(FILE_UNSUPPORTED, USAGE, \
		"カードのファイルの鍵の種類には対応していません。ファイルをご確認ください。", \
		"the key is not RSA, P-256 or P-384, or too large") \
	X(PIN_FILE, USAGE, "暗証番号のファイルを読めません。端末の設定をご確認ください。", \
		"the PIN file cannot be read, or holds no PIN") \
	X(PIN_NOT_ASKED, USAGE, "暗証番号を入力できません。画面のある端末でもう一度お試しください。", \
		"no PIN was given; without a terminal to ask on, use --pin-file") \
	X(MEMORY, FAULT, "端末のメモリーが足りません。端末の保守担当にご連絡ください。", "out of memory") \
	X(NO_MODULE, CARD, "カードリーダーのソフトウェアを読み込めません。端末の保守担当にご連絡ください。", \
		"the PKCS#11 module cannot be loaded") \
	X(NO_TOKEN, CARD, \
		"カードが見つかりません。カードリーダーの接続をご確認のうえ、カードを置き直してください。", \
		"no slot has a token, or none of that label") \
	X(NO_CERTIFICATE, CARD, \
		"カードの電子証明書を読み取れません。マイナンバーカードか、ご確認のうえ、置き直してください" \
		"。", \
		"the token has no certificate of an end entity") \
	X(NO_KEY, CARD, "カードの鍵が見つかりません。資格確認書をお持ちか、お尋ねください。", \
		"the token has no private key for its certificate") \
	X(FOREIGN_KEY, CARD, "カードの鍵が電子証明書と合いません。資格確認書をお持ちか、お尋ねください。", \
		"the token's private key does not belong to the certificate") \
	X(UNSUPPORTED, CARD, \
		"このカードの鍵の種類には対応していません。資格確認書をお持ちか、お尋ねください。", \
		"the key is not RSA, P-256 or P-384, or too large") \
	X(PIN_WRONG, CARD, "暗証番号が違います。もう一度ご確認いただくか、顔認証をお使いください。", \
		"the PIN is wrong") \
	X(PIN_WRONG_FEW_LEFT, CARD, \
		"暗証番号が違います。入力できる回数は残りわずかです。顔認証をお使いください。", \
		"the PIN is wrong; few tries are left") \
	X(PIN_WRONG_ONE_LEFT, CARD, \
		"暗証番号が違います。入力できるのは、あと1回です。顔認証をお使いください。", \
		"the PIN is wrong; one try is left") \
	X(PIN_LOCKED, CARD, \
		"暗証番号がロックされています。顔認証をお使いください。" \
		"市区町村の窓口で暗証番号の再設定が必要です。", \
		"the PIN is locked") \
	X(LOGIN_FAILED, CARD, "カードを使えません。カードを置き直して、もう一度お試しください。", \
		"the token refuses the login, for another reason than the PIN") \
	X(SIGN_FAILED, CARD, "カードで署名できません。カードを置き直して、もう一度お試しください。", \
		"the key does not sign, or not what its certificate verifies")

enum card_trouble {
	CARD_FINE = 0,
#define CARD_TROUBLE_NAME(name, code, words, english) CARD_##name,
	CARD_TROUBLES(CARD_TROUBLE_NAME)
#undef CARD_TROUBLE_NAME
};

/* Not for CARD_FINE. */
enum exit_code card_trouble_exit_code(enum card_trouble trouble);
const char *card_trouble_words(enum card_trouble trouble);
const char *card_trouble_english(enum card_trouble trouble);

#endif

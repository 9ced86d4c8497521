/* SoftHSM, which counts no tries of a PIN, dressed up as a module that does: TRIES_FLAGS is added to what C_GetTokenInfo says
 * (CKF_USER_PIN_…), LOGIN_RETURNS is what C_Login returns instead of trying. Positions as in PKCS#11's list of functions. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 68
#define GET_TOKEN_INFO 6
#define LOGIN 18
#define FLAGS_AT 96 /* in CK_TOKEN_INFO, behind label, manufacturer, model and serial number */

struct functions {
	unsigned char version[2];
	void *call[COUNT];
};

static struct functions ours;
static unsigned long (*get_token_info)(unsigned long, unsigned char *);
static unsigned long (*login)(unsigned long, unsigned long, unsigned char *, unsigned long);

static unsigned long number(const char *name)
{
	const char *text = getenv(name);
	return text == NULL ? 0 : strtoul(text, NULL, 0);
}

static unsigned long our_token_info(unsigned long slot, unsigned char *info)
{
	unsigned long returned = get_token_info(slot, info);
	unsigned long flags;
	memcpy(&flags, info + FLAGS_AT, sizeof flags);
	flags |= number("TRIES_FLAGS");
	memcpy(info + FLAGS_AT, &flags, sizeof flags);
	return returned;
}

static unsigned long our_login(unsigned long session, unsigned long user, unsigned char *pin, unsigned long length)
{
	unsigned long returned = number("LOGIN_RETURNS");
	return returned != 0 ? returned : login(session, user, pin, length);
}

unsigned long C_GetFunctionList(struct functions **list)
{
	void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
	unsigned long (*get)(struct functions **) = NULL;
	struct functions *theirs = NULL;
	if (module != NULL)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (get == NULL || get(&theirs) != 0)
		return 5; /* CKR_GENERAL_ERROR */
	ours = *theirs;
	*(void **)&get_token_info = ours.call[GET_TOKEN_INFO];
	*(void **)&login = ours.call[LOGIN];
	ours.call[GET_TOKEN_INFO] = (void *)our_token_info;
	ours.call[LOGIN] = (void *)our_login;
	*list = &ours;
	return 0;
}

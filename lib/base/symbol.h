#ifndef BASE_SYMBOL_H
#define BASE_SYMBOL_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * symbol: functions of a library that was loaded with dlopen(3).
 *
 * Put the address of the function called name into fn, a pointer to a function
 * of size bytes.  False if so has none of that name.  Pointers to functions do
 * not pass through void * in ISO C; memcpy does.
 */
static inline bool
symbol_bind(void *so, const char *name, void *fn, size_t size)
{
	void *sym;

	if ((sym = dlsym(so, name)) == NULL || size != sizeof(sym))
		return false;
	memcpy(fn, &sym, size);
	return true;
}

#endif

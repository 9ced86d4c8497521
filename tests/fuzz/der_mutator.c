/* Changes one element of what is to be signed and mends the lengths around it: libFuzzer alone would break them first and hardly
 * get behind the reading. Only for libFuzzer; the replay does without. */
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "target.h"

#define ELEMENTS_MAX 512
#define DEPTH_MAX 16

struct node {
	struct der_element element;
	int parent; /* -1: the outermost */
	int depth;
};

struct tree {
	struct node nodes[ELEMENTS_MAX];
	int count;
};

/* Sequences, sets, what has a context's tag, and octet strings that hold one element, as those of extensions do. */
static bool may_hold_elements(const struct der_element *element)
{
	if ((element->tag & 0x20) != 0)
		return true;
	struct der rest = element->content;
	struct der_element inner;
	return element->tag == 0x04 && der_take(&rest, &inner) && rest.length == 0;
}

static void read_tree(struct tree *tree, struct der rest, int parent, int depth)
{
	struct der_element element;
	while (tree->count < ELEMENTS_MAX && der_take(&rest, &element)) {
		int index = tree->count++;
		tree->nodes[index] = (struct node){ element, parent, depth };
		if (depth < DEPTH_MAX && may_hold_elements(&element))
			read_tree(tree, element.content, index, depth + 1);
	}
}

static size_t put_header(uint8_t *to, uint8_t tag, size_t length)
{
	size_t bytes = length > 0xffff ? 3 : length > 0xff ? 2 : length > 0x7f ? 1 : 0;
	to[0] = tag;
	to[1] = (uint8_t)(bytes == 0 ? length : 0x80 + bytes);
	for (size_t i = 0; i < bytes; i++)
		to[2 + i] = (uint8_t)(length >> (8 * (bytes - 1 - i)));
	return 2 + bytes;
}

/* `bytes` instead of the node's, in everything that holds it; the outermost into `data`. The new size, 0: no room. */
static size_t put_instead(
	const struct tree *tree, int index, const uint8_t *bytes, size_t length, uint8_t *data, size_t max)
{
	uint8_t *now = malloc(max + 8);
	uint8_t *next = malloc(max + 8);
	size_t size = 0;
	if (now != NULL && next != NULL && length <= max) {
		memcpy(now, bytes, length);
		size = length;
	}
	for (const struct node *node = &tree->nodes[index]; node->parent >= 0 && size <= max;
		node = &tree->nodes[node->parent]) {
		const struct der_element *parent = &tree->nodes[node->parent].element;
		size_t before = (size_t)(node->element.whole.at - parent->content.at);
		size_t behind = parent->content.length - before - node->element.whole.length;
		size_t whole = before + size + behind;
		if (whole + 5 > max) {
			size = 0;
			break;
		}
		size_t at = put_header(next, parent->tag, whole);
		memcpy(next + at, parent->content.at, before);
		memcpy(next + at + before, now, size);
		memcpy(next + at + before + size, node->element.whole.at + node->element.whole.length,
			behind);
		size = at + whole;
		uint8_t *swap = now;
		now = next;
		next = swap;
	}
	if (size > 0 && size <= max)
		memcpy(data, now, size);
	else
		size = 0;
	free(now);
	free(next);
	return size;
}

/* The node's bytes after one change. */
static size_t change(const struct tree *tree, int index, unsigned seed, uint8_t *bytes, size_t max)
{
	const struct der_element *element = &tree->nodes[index].element;
	const struct der_element *other = &tree->nodes[(int)(seed >> 8) % tree->count].element;
	size_t length = element->whole.length;
	if (2 * length + other->whole.length + 64 > max)
		return 0;
	switch (seed % 8) {
	case 0: /* gone */
		return 0;
	case 1: /* twice */
		memcpy(bytes, element->whole.at, length);
		memcpy(bytes + length, element->whole.at, length);
		return 2 * length;
	case 2: /* another in its place */
		memcpy(bytes, other->whole.at, other->whole.length);
		return other->whole.length;
	case 3: /* another behind it */
		memcpy(bytes, element->whole.at, length);
		memcpy(bytes + length, other->whole.at, other->whole.length);
		return length + other->whole.length;
	case 4: /* another tag */
		memcpy(bytes, element->whole.at, length);
		bytes[0] = (uint8_t)(seed >> 16);
		return length;
	default: { /* other content */
		uint8_t *content = bytes + 5;
		memcpy(content, element->content.at, element->content.length);
		size_t size =
			LLVMFuzzerMutate(content, element->content.length, element->content.length + 32);
		size_t header = put_header(bytes, element->tag, size);
		memmove(bytes + header, content, size);
		return header + size;
	}
	}
}

/* The first byte says who signs. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static struct tree tree;
	srand(seed);
	if (size < 2 || rand() % 16 == 0)
		return LLVMFuzzerMutate(data, size, max);
	uint8_t *copy = malloc(size);
	uint8_t *bytes = malloc(max + 8);
	size_t changed = 0;
	if (copy != NULL && bytes != NULL) {
		memcpy(copy, data + 1, size - 1);
		tree.count = 0;
		read_tree(&tree, (struct der){ copy, size - 1 }, -1, 0);
		if (tree.count > 0) {
			int index = rand() % tree.count;
			size_t length = change(&tree, index, (unsigned)rand(), bytes, max);
			changed = put_instead(&tree, index, bytes, length, data + 1, max - 1);
		}
	}
	free(copy);
	free(bytes);
	return changed > 0 ? changed + 1 : LLVMFuzzerMutate(data, size, max);
}

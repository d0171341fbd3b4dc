/* SPDX-License-Identifier: Apache-2.0 */
/* A typed array that grows. RP_VEC(type) is a struct, to be used as a member, or as the only
 * content of a named struct:
 *
 *     struct rp_modules {
 *         RP_VEC(struct rp_module *);
 *     };
 *
 *     struct rp_modules all = {0};
 *     if (!rp_vec_push(&all, module))
 *         return rp_error_nomem();
 *     for (size_t i = 0; i < all.count; i++)
 *         use(all.items[i]);
 *     rp_vec_clear(&all);
 *
 * Zeroed is empty. `items` come first, so that RP_AUTO_FREE frees an array that owns nothing else.
 * If memory is out, an array stays as it was. */
#ifndef RP_UTIL_VEC_H
#define RP_UTIL_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RP_VEC(type)                                                                               \
    struct {                                                                                       \
        __typeof__(type) *items;                                                                   \
        size_t count, capacity;                                                                    \
    }

/* `items` with space for `extra` more than `count`, at least twice as many as before; or NULL. */
void *rp_vec_grown(void *items, size_t *capacity, size_t count, size_t extra, size_t item_size);

/* Makes space for `extra` more items. False: out of memory. */
#define rp_vec_reserve(vec, extra)                                                                 \
    __extension__({                                                                                \
        __typeof__(vec) reserve_ = (vec);                                                          \
        size_t extra_ = (extra);                                                                   \
        bool has_room_ = extra_ <= reserve_->capacity - reserve_->count;                           \
        if (!has_room_) {                                                                          \
            void *grown_ = rp_vec_grown(reserve_->items, &reserve_->capacity, reserve_->count,     \
                                        extra_, sizeof(__typeof__(*reserve_->items)));             \
            has_room_ = grown_ != NULL;                                                            \
            reserve_->items = has_room_ ? grown_ : reserve_->items;                                \
        }                                                                                          \
        has_room_;                                                                                 \
    })

/* Adds one item. False: out of memory; then `item` is not evaluated. */
#define rp_vec_push(vec, item)                                                                     \
    __extension__({                                                                                \
        __typeof__(vec) push_ = (vec);                                                             \
        bool pushed_ = rp_vec_reserve(push_, 1);                                                   \
        if (pushed_)                                                                               \
            push_->items[push_->count++] = (item);                                                 \
        pushed_;                                                                                   \
    })

/* Adds one zeroed item. Returns a pointer to it, valid until the array grows again; or NULL. */
#define rp_vec_add(vec)                                                                            \
    __extension__({                                                                                \
        __typeof__(vec) add_ = (vec);                                                              \
        bool added_ = rp_vec_reserve(add_, 1);                                                     \
        added_ ? memset(&add_->items[add_->count++], 0, sizeof(__typeof__(*add_->items))),         \
            &add_->items[add_->count - 1] : NULL;                                                  \
    })

/* Adds copies of the `number` items at `from`, outside of this array. False: out of memory. */
#define rp_vec_append(vec, from, number)                                                           \
    __extension__({                                                                                \
        __typeof__(vec) append_ = (vec);                                                           \
        const __typeof__(append_->items[0]) *from_ = (from);                                       \
        size_t number_ = (number);                                                                 \
        bool appended_ = rp_vec_reserve(append_, number_);                                         \
        if (appended_ && number_)                                                                  \
            memcpy(&append_->items[append_->count], from_,                                         \
                   number_ * sizeof(__typeof__(*append_->items)));                                 \
        append_->count += appended_ ? number_ : 0;                                                 \
        appended_;                                                                                 \
    })

/* Removes item `i`; those after it move up. */
#define rp_vec_remove(vec, i)                                                                      \
    do {                                                                                           \
        __typeof__(vec) remove_ = (vec);                                                           \
        size_t at_ = (i);                                                                          \
        remove_->count--;                                                                          \
        memmove(&remove_->items[at_], &remove_->items[at_ + 1],                                    \
                (remove_->count - at_) * sizeof(__typeof__(*remove_->items)));                     \
    } while (0)

/* Frees the array and leaves it empty; the caller must free what its items own before. */
#define rp_vec_clear(vec)                                                                          \
    do {                                                                                           \
        __typeof__(vec) clear_ = (vec);                                                            \
        free(clear_->items);                                                                       \
        clear_->items = NULL;                                                                      \
        clear_->count = clear_->capacity = 0;                                                      \
    } while (0)

#endif

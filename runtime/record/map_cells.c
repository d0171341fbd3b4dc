/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a map's entry, and what it means. */
#include <stdlib.h>

#include "record/map_printer.h"
#include "util/cleanup.h"

/* The process whose stack is in the row; 0: the kernel. */
static pid_t process_of(const struct rp_map_printer *p, const struct rp_member_schema *member,
                        const uint8_t *row) {
    ssize_t pid = rp_map_column(p->t, false, RP_MEMBER_PID);
    if (member->means != RP_MEMBER_USER_STACK || pid < 0)
        return 0;
    struct rp_view view = rp_map_cell(p->t, (size_t)pid, row);
    return (pid_t)rp_view_uint(&view);
}

bool rp_map_is_named(const struct rp_map_printer *p, size_t i) {
    const struct rp_member_schema *member = p->t->members[i];
    return p->format->text && member && rp_type_is_number(p->t->layout->columns.items[i].type) &&
           (member->means == RP_MEMBER_ATTACH_POINT || rp_member_is_stack(member));
}

char *rp_map_name_cell(const struct rp_map_printer *p, size_t i, const uint8_t *row) {
    const struct rp_member_schema *member = p->t->members[i];
    struct rp_view view = rp_map_cell(p->t, i, row);
    if (!rp_map_is_named(p, i))
        return NULL;
    const struct rp_map_number number = {member, rp_map_number(&view), process_of(p, member, row)};
    return p->format->text(p->format->ctx, &number);
}

void rp_map_write_cell(struct rp_map_printer *p, size_t i, const uint8_t *row) {
    struct rp_view view = rp_map_cell(p->t, i, row);
    RP_AUTO_FREE char *name = rp_map_name_cell(p, i, row);
    if (name)
        rp_write_text(&p->w, name, SIZE_MAX);
    else if (p->format->as == RP_MAP_CSV)
        rp_write_for_program(&p->w, &view);
    else
        rp_write_value(&p->w, &view);
}

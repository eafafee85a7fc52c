"""Where the addresses of contacts, companies and leads are kept."""

from mailweave.records.common.addresses import Book
from mailweave.records.crm.models import CompanyAddress, ContactAddress, LeadAddress

CONTACTS = Book("crm.contact", ContactAddress, "contact")
COMPANIES = Book("crm.company", CompanyAddress, "company")
LEADS = Book("crm.lead", LeadAddress, "lead")
